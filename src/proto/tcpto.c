/* SPDX-License-Identifier: ISC */

#include "proto/tcpto.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum
{
	COUNT_AT = 4,
	WHEN_AT = 8,
	COUNT_MAX = 10,
	SKIP_COUNT = 2,         /* this many timeouts make an address one to skip */
	QUIET_SECONDS = 120,    /* timeouts that come together count once */
	COUNT_WEIGHT = 1024,    /* seconds that a timeout outweighs when a record must go */
	V4 = 4,
	V6 = 16,
	V6_MARK = 246,
	V6_FLAG = 6,
	V6_FLAG_AT = 5,
	V6_SUM_AT = 15,
};

/* Where the first 8 bytes of an IPv6 address stand in a record. */
static unsigned char const prefix_at[8] = { 1, 2, 3, 6, 7, 12, 13, 14 };

static uint32_t get_when(unsigned char const *record)
{
	unsigned char const *p = record + WHEN_AT;

	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put_when(unsigned char *record, uint32_t when)
{
	size_t i;

	for (i = 0; i < 4; i++)
		record[WHEN_AT + i] = (unsigned char)(when >> (8 * i));
}

/* A record with this address, all else zero. */
static void put_address(unsigned char record[TCPTO_RECORD], unsigned char const *address, size_t len)
{
	size_t i;

	memset(record, 0, TCPTO_RECORD);
	if (len == V4) {
		memcpy(record, address, V4);
		return;
	}
	record[0] = V6_MARK;
	record[V6_FLAG_AT] = V6_FLAG;
	for (i = 0; i < sizeof prefix_at; i++) {
		record[prefix_at[i]] = address[i];
		record[V6_SUM_AT] = (unsigned char)(record[V6_SUM_AT] * 31 + address[sizeof prefix_at + i]);
	}
}

static int is_v6(unsigned char const *record)
{
	return record[0] == V6_MARK && record[V6_FLAG_AT] == V6_FLAG;
}

/* For IPv4 only the address itself is looked at: what others leave in the unused bytes does not matter. */
static int same_address(unsigned char const *a, unsigned char const *b)
{
	if (is_v6(a) != is_v6(b))
		return 0;
	return memcmp(a, b, V4) == 0
	 && (!is_v6(a) || (memcmp(a + V6_FLAG_AT, b + V6_FLAG_AT, WHEN_AT - V6_FLAG_AT) == 0
	  && memcmp(a + WHEN_AT + 4, b + WHEN_AT + 4, TCPTO_RECORD - WHEN_AT - 4) == 0));
}

static size_t find(unsigned char const *t, size_t n, unsigned char const *address, size_t len)
{
	unsigned char wanted[TCPTO_RECORD];
	size_t i;

	put_address(wanted, address, len);
	for (i = 0; i + TCPTO_RECORD <= n; i += TCPTO_RECORD)
		if (same_address(t + i, wanted))
			return i;
	return n;
}

tcpto_status tcpto_look(unsigned char const *t, size_t n, unsigned char const *address, size_t len,
	uint32_t now, unsigned int pid)
{
	uint32_t const wait = (60 + pid % 32) * 64;
	size_t at = find(t, n, address, len);
	uint32_t when;

	if (at == n)
		return TCPTO_ABSENT;
	when = get_when(t + at);
	/* A time to come is from before the clock was set back: no reason to wait for it. */
	if (t[at + COUNT_AT] >= SKIP_COUNT && when <= now && now - when < wait)
		return TCPTO_SKIP;
	return TCPTO_LISTED;
}

/* The record to use for a new address: an unused one, or else the one that matters least. */
static size_t victim(unsigned char const *t, size_t n)
{
	size_t best = n;
	uint64_t least = UINT64_MAX;
	size_t i;

	for (i = 0; i + TCPTO_RECORD <= n; i += TCPTO_RECORD) {
		uint64_t worth = (uint64_t)get_when(t + i) + (uint64_t)t[i + COUNT_AT] * COUNT_WEIGHT;

		if (t[i + COUNT_AT] == 0)
			return i;
		if (worth < least) {
			least = worth;
			best = i;
		}
	}
	return best;
}

size_t tcpto_count(unsigned char *t, size_t n, unsigned char const *address, size_t len, uint32_t now)
{
	size_t at = find(t, n, address, len);

	if (at == n) {
		at = victim(t, n);
		if (at == n)
			return n;
		put_address(t + at, address, len);
	} else {
		uint32_t when = get_when(t + at);

		if (t[at + COUNT_AT] > 0 && when <= now && now - when < QUIET_SECONDS)
			return n;
	}
	if (t[at + COUNT_AT] < COUNT_MAX)
		t[at + COUNT_AT]++;
	put_when(t + at, now);
	return at;
}

size_t tcpto_forgive(unsigned char *t, size_t n, unsigned char const *address, size_t len)
{
	size_t at = find(t, n, address, len);

	if (at == n || t[at + COUNT_AT] == 0)
		return n;
	t[at + COUNT_AT] = 0;
	return at;
}

unsigned int tcpto_record(unsigned char const *record, uint32_t *when, unsigned char address[16], size_t *len)
{
	size_t i;

	memset(address, 0, V6);
	*when = get_when(record);
	if (is_v6(record)) {
		*len = V6;
		for (i = 0; i < sizeof prefix_at; i++)
			address[i] = record[prefix_at[i]];
	} else {
		*len = V4;
		memcpy(address, record, V4);
	}
	return record[COUNT_AT];
}

/* Open and lock; -1 with errno. Closing gives the lock back. */
static int open_locked(char const *path, int flags)
{
	int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -1;
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR) {
			int e = errno;

			close(fd);
			return errno = e, -1;
		}
	return fd;
}

static int read_table(int fd, unsigned char t[TCPTO_MAX], size_t *n)
{
	*n = 0;
	while (*n < TCPTO_MAX) {
		ssize_t r = pread(fd, t + *n, TCPTO_MAX - *n, (off_t)*n);

		if (r == 0)
			break;
		if (r > 0)
			*n += (size_t)r;
		else if (errno != EINTR)
			return 0;
	}
	return 1;
}

static int write_at(int fd, unsigned char const *s, size_t n, size_t offset)
{
	while (n > 0) {
		ssize_t r = pwrite(fd, s, n, (off_t)offset);

		if (r == 0)
			return errno = EIO, 0;
		if (r > 0) {
			s += r;
			n -= (size_t)r;
			offset += (size_t)r;
		} else if (errno != EINTR) {
			return 0;
		}
	}
	return 1;
}

int tcpto_load(char const *path, unsigned char t[TCPTO_MAX], size_t *n)
{
	int fd = open_locked(path, O_RDONLY);
	int ok;
	int e;

	if (fd < 0)
		return 0;
	ok = read_table(fd, t, n);
	e = errno;
	close(fd);
	errno = e;
	return ok;
}

/* A file of the size it has, within limits, and nothing in it. */
static int clear(int fd)
{
	static unsigned char const zeros[TCPTO_MAX] = { 0 };
	struct stat st;
	size_t size = TCPTO_SIZE;

	if (fstat(fd, &st) < 0)
		return 0;
	if (st.st_size > TCPTO_SIZE)
		size = st.st_size > TCPTO_MAX ? TCPTO_MAX : (size_t)st.st_size;
	return write_at(fd, zeros, size, 0) && ftruncate(fd, (off_t)size) == 0;
}

int tcpto_clear(char const *path)
{
	int fd = open_locked(path, O_WRONLY);
	int ok;
	int e;

	if (fd < 0)
		return 0;
	ok = clear(fd);
	e = errno;
	close(fd);
	errno = e;
	return ok;
}

tcpto_status tcpto_check(char const *path, unsigned char const *address, size_t len)
{
	unsigned char t[TCPTO_MAX];
	size_t n;

	if (!tcpto_load(path, t, &n))
		return TCPTO_ABSENT;
	return tcpto_look(t, n, address, len, (uint32_t)time(0), (unsigned int)getpid());
}

void tcpto_note(char const *path, unsigned char const *address, size_t len, int timedout)
{
	unsigned char t[TCPTO_MAX];
	size_t n;
	size_t at;
	int fd = open_locked(path, O_RDWR);

	if (fd < 0)
		return;
	if (read_table(fd, t, &n)) {
		at = timedout ? tcpto_count(t, n, address, len, (uint32_t)time(0)) : tcpto_forgive(t, n, address, len);
		if (at < n)
			write_at(fd, t + at, TCPTO_RECORD, at);
	}
	close(fd);
}
