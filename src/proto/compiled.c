/* SPDX-License-Identifier: ISC */

#include "proto/compiled.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cdb.h>
#include <skalibs/djbunix.h>

#include "base/constmap.h"
#include "base/newer.h"
#include "base/text.h"

enum { NAME_MAX_BYTES = 64, HEADER = 2048, SLOT = 8, LENGTHS = 8, SUM = 8 };

/* The record that tells of which text the file is made. */
enum { ORIGIN_KEY = 5, ORIGIN_FACTS = 20, ORIGIN = ORIGIN_FACTS + SUM };

static char const origin_key[ORIGIN_KEY] = { 0, 't', 'e', 'x', 't' };

static uint64_t const SUM_START = 0xcbf29ce484222325u;

static uint64_t add_sum(uint64_t sum, char const *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		sum = (sum ^ (unsigned char)s[i]) * 0x100000001b3u;
	return sum;
}

char const *compiled_name(char const *file)
{
	static char name[NAME_MAX_BYTES + sizeof ".cdb"];
	size_t n = strnlen(file, NAME_MAX_BYTES);

	memcpy(name, file, n);
	memcpy(name + n, ".cdb", sizeof ".cdb");
	return name;
}

/* ---- whether it counts */

static void pack64(unsigned char *to, uint64_t n)
{
	cdb_pack((unsigned int)(n & 0xffffffffu), to);
	cdb_pack((unsigned int)(n >> 32), to + 4);
}

static uint64_t unpack64(char const *s)
{
	return (uint64_t)cdb_unpack((unsigned char const *)s) | (uint64_t)cdb_unpack((unsigned char const *)s + 4) << 32;
}

static void make_origin(unsigned char data[ORIGIN], struct stat const *text)
{
	pack64(data, (uint64_t)text->st_size);
	pack64(data + 8, (uint64_t)text->st_mtim.tv_sec);
	cdb_pack((unsigned int)text->st_mtim.tv_nsec, data + 16);
	pack64(data + ORIGIN_FACTS, add_sum(SUM_START, (char const *)data, ORIGIN_FACTS));
}

/* 0: there is none, or it is damaged, which will show. */
static int read_origin(char data[ORIGIN], int fd)
{
	char buf[LENGTHS + ORIGIN_KEY + ORIGIN];

	if (pread(fd, buf, sizeof buf, HEADER) != sizeof buf || cdb_unpack((unsigned char const *)buf) != ORIGIN_KEY
	 || cdb_unpack((unsigned char const *)buf + 4) != ORIGIN || memcmp(buf + LENGTHS, origin_key, ORIGIN_KEY) != 0)
		return 0;
	memcpy(data, buf + LENGTHS + ORIGIN_KEY, ORIGIN);
	return add_sum(SUM_START, data, ORIGIN_FACTS) == unpack64(data + ORIGIN_FACTS);
}

static int is_made_of(int fd, struct stat const *cdb, struct stat const *text)
{
	unsigned char as_it_is[ORIGIN];
	char data[ORIGIN];

	if (newer_time(text->st_mtim, cdb->st_mtim) || newer_time(text->st_ctim, cdb->st_ctim))
		return 0;
	if (fd < 0 || !read_origin(data, fd))
		return newer_time(cdb->st_mtim, text->st_mtim) && newer_time(cdb->st_ctim, text->st_ctim);
	make_origin(as_it_is, text);
	return memcmp(data, as_it_is, ORIGIN) == 0;
}

int compiled_open(char const *file)
{
	int fd = open(compiled_name(file), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int e = errno;
	struct stat text;
	struct stat cdb;

	if (fd < 0 && e == ENOENT)
		return -1;
	if (stat(file, &text) < 0) {
		/* Where the text cannot be looked at it counts: whoever reads it sees why. */
		if (errno == ENOENT)
			return errno = e, fd;
	} else if ((fd < 0 ? stat(compiled_name(file), &cdb) : fstat(fd, &cdb)) == 0 && is_made_of(fd, &cdb, &text)) {
		return errno = e, fd;
	}
	if (fd >= 0)
		close(fd);
	return errno = ENOENT, -1;
}

/* ---- reading */

typedef struct record
{
	char const *key;
	size_t keylen;
	char const *data;
	size_t datalen;
	char const *next;
} record;

static int next_record(record *r, char const *s, char const *end)
{
	size_t left = (size_t)(end - s);

	if (left < LENGTHS)
		return 0;
	r->keylen = cdb_unpack((unsigned char const *)s);
	r->datalen = cdb_unpack((unsigned char const *)s + 4);
	left -= LENGTHS;
	if (r->keylen > left || r->datalen > left - r->keylen)
		return 0;
	r->key = s + LENGTHS;
	r->data = r->key + r->keylen;
	r->next = r->data + r->datalen;
	return 1;
}

static int is_sum(record const *r)
{
	return r->keylen == 1 && r->key[0] == 0 && r->datalen == SUM;
}

static int is_origin(record const *r)
{
	return r->keylen == ORIGIN_KEY && memcmp(r->key, origin_key, ORIGIN_KEY) == 0;
}

static int can_be_line(record const *r, char sep)
{
	return !memchr(r->key, 0, r->keylen) && !memchr(r->data, 0, r->datalen)
		&& (sep ? !memchr(r->key, sep, r->keylen) : r->keylen > 0);
}

static int add_entry(control_list *l, record const *r, char sep)
{
	size_t lineno = 0;

	l->n++;
	return stralloc_catb(&l->entries, r->key, r->keylen) && (!sep || stralloc_catb(&l->entries, &sep, 1))
		&& stralloc_catb(&l->entries, r->data, r->datalen) && stralloc_0(&l->entries)
		&& stralloc_catb(&l->lines, (char const *)&lineno, sizeof lineno);
}

/* Where the records end and the tables of their places start, or null. */
static char const *records_end(char const *s, size_t n)
{
	size_t first = n;
	size_t i;

	if (n < HEADER)
		return 0;
	for (i = 0; i < HEADER; i += SLOT) {
		size_t at = cdb_unpack((unsigned char const *)s + i);
		size_t slots = cdb_unpack((unsigned char const *)s + i + 4);

		if (slots && (at < HEADER || at > n || slots > (n - at) / SLOT))
			return 0;
		if (slots && at < first)
			first = at;
	}
	return s + first;
}

static uint64_t sum_of(char const *s, char const *end)
{
	return add_sum(SUM_START, s, (size_t)(end - s));
}

/* What another program has made has no checksum; it has neither of our records, and is whole as far as can be seen.
 * 1, or 0 with errno. */
static int parse(control_list *l, char const *s, size_t n, char sep)
{
	char const *end = records_end(s, n);
	char const *at = s + HEADER;
	int ours = 0;
	record r;

	for (; end && at < end && next_record(&r, at, end); at = r.next) {
		if (is_sum(&r))
			return sum_of(s + HEADER, at) == unpack64(r.data) ? 1 : (errno = EPROTO, 0);
		if (is_origin(&r))
			ours = 1;
		else if (!can_be_line(&r, sep))
			break;
		else if (!add_entry(l, &r, sep))
			return 0;
	}
	return end && at == end && !ours ? 1 : (errno = EPROTO, 0);
}

/* It is read, not mapped: what somebody makes shorter under our hands cannot kill us. */
static int read_cdb(control_list *l, int fd, char sep)
{
	control_list fresh = CONTROL_LIST_ZERO;
	stralloc text = STRALLOC_ZERO;
	struct stat st;
	int ok = fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || (errno = EPROTO, 0)) && slurp(&text, fd)
		&& parse(&fresh, text.s, text.len, sep);
	int e = errno;

	stralloc_free(&text);
	control_list_free(ok ? l : &fresh);
	if (ok)
		*l = fresh;
	errno = e;
	return ok;
}

control_status compiled_readlist(control_list *l, char const *file, int use_me, char sep, compiled_source *from)
{
	int fd = compiled_open(file);
	int e = errno;
	control_status status;

	*from = fd < 0 && e == ENOENT ? COMPILED_TEXT : COMPILED_DAMAGED;
	if (fd >= 0) {
		if (read_cdb(l, fd, sep))
			*from = COMPILED_CDB;
		e = errno;
		close(fd);
	}
	if (*from == COMPILED_CDB)
		return CONTROL_READ;
	status = control_readlist(l, file, use_me && *from == COMPILED_TEXT);
	if (status == CONTROL_ABSENT && *from == COMPILED_DAMAGED)
		return errno = e, CONTROL_ERROR;
	return status;
}

/* ---- writing */

static int put(struct cdb_make *c, uint64_t *sum, char const *key, size_t keylen, char const *data, size_t datalen)
{
	unsigned char lengths[LENGTHS];

	cdb_pack((unsigned int)keylen, lengths);
	cdb_pack((unsigned int)datalen, lengths + 4);
	*sum = add_sum(*sum, (char const *)lengths, sizeof lengths);
	*sum = add_sum(*sum, key, keylen);
	*sum = add_sum(*sum, data, datalen);
	return cdb_make_add(c, key, (unsigned int)keylen, data, (unsigned int)datalen) == 0;
}

static int put_entries(struct cdb_make *c, uint64_t *sum, constmap const *m)
{
	stralloc key = STRALLOC_ZERO;
	int ok = stralloc_ready(&key, 1);
	size_t i;

	for (i = 0; i < m->n && ok; i++) {
		constmap_entry const *e = m->entries + i;

		ok = stralloc_copyb(&key, e->key, e->keylen);
		if (!ok)
			break;
		text_lowerb(key.s, key.len);
		ok = put(c, sum, key.s, key.len, e->value, e->valuelen);
	}
	stralloc_free(&key);
	return ok;
}

int compiled_write(int fd, control_list const *l, char sep, struct stat const *text)
{
	constmap m = CONSTMAP_ZERO;
	uint64_t sum = SUM_START;
	unsigned char origin[ORIGIN];
	unsigned char packed[SUM];
	struct cdb_make c;
	int ok;

	if (!(sep ? constmap_map(&m, l, sep) : constmap_set(&m, l)))
		return 0;
	make_origin(origin, text);
	ok = cdb_make_start(&c, fd) == 0 && put(&c, &sum, origin_key, ORIGIN_KEY, (char const *)origin, ORIGIN)
		&& put_entries(&c, &sum, &m);
	constmap_free(&m);
	if (!ok)
		return 0;
	pack64(packed, sum);
	return cdb_make_add(&c, "", 1, packed, sizeof packed) == 0 && cdb_make_finish(&c) == 0;
}
