/* SPDX-License-Identifier: ISC */

#include "base/syncall.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <skalibs/types.h>

#include "base/moment.h"

enum { TELLS_MAJOR = 5, TELLS_MINOR = 17 };
enum { SLOW_MS = 250, REST_TIMES = 100, FAILED_MS = 3600 * 1000 };

static int account = -1;
static int64_t resting_until;   /* CLOCK_MONOTONIC, milliseconds */

int syncall_tells(char const *release)
{
	unsigned int major;
	unsigned int minor;
	size_t n = uint_scan(release, &major);

	if (!n || release[n] != '.' || !uint_scan(release + n + 1, &minor))
		return 0;
	return major > TELLS_MAJOR || (major == TELLS_MAJOR && minor >= TELLS_MINOR);
}

/* The number behind a name that starts a line. */
static int value(uint64_t *u, char const *s, size_t n, char const *name)
{
	size_t const len = strlen(name);
	char number[UINT64_FMT];
	size_t i = 0;
	char const *p;

	while (n < len || memcmp(s, name, len) != 0) {
		p = memchr(s, '\n', n);
		if (!p)
			return 0;
		n -= (size_t)(p + 1 - s);
		s = p + 1;
	}
	s += len;
	for (n -= len; n && *s == ' '; n--)
		s++;
	while (i < n && i + 1 < sizeof number && s[i] >= '0' && s[i] <= '9') {
		number[i] = s[i];
		i++;
	}
	number[i] = 0;
	return i > 0 && i < n && s[i] == ' ' && uint64_scan(number, u) == i;
}

uint64_t syncall_waiting(char const *s, size_t n)
{
	uint64_t dirty;
	uint64_t written;

	if (!value(&dirty, s, n, "Dirty:") || !value(&written, s, n, "Writeback:") || written > UINT64_MAX - dirty)
		return UINT64_MAX;
	return dirty + written;
}

void syncall_open(void)
{
	struct utsname u;

	if (uname(&u) == 0 && syncall_tells(u.release))
		account = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
}

static int is_trusted(int fd)
{
	struct statfs f;

	if (fstatfs(fd, &f) < 0)
		return 0;
	switch ((unsigned long)f.f_type) {
	case EXT4_SUPER_MAGIC:          /* ext2 and ext3, too */
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case TMPFS_MAGIC:               /* which has nothing to make durable */
		return 1;
	default:
		return 0;
	}
}

int syncall_is_cheap(int fd)
{
	char text[4096];
	ssize_t n;

	if (account < 0 || moment_now(CLOCK_MONOTONIC) < resting_until || !is_trusted(fd))
		return 0;
	n = pread(account, text, sizeof text, 0);
	return n > 0 && syncall_waiting(text, (size_t)n) <= SYNCALL_LITTLE;
}

int64_t syncall_rest(int64_t took, int failed)
{
	int64_t const slow = took > SLOW_MS ? took * REST_TIMES : 0;

	return failed && slow < FAILED_MS ? FAILED_MS : slow;
}

static int is_refusal(int e)
{
	return e == ENOSYS || e == EPERM || e == EINVAL || e == EOPNOTSUPP;
}

syncall_status syncall(int fd)
{
	int64_t const began = moment_now(CLOCK_MONOTONIC);
	int const failed = syncfs(fd) < 0;
	int const e = errno;
	int64_t const ended = moment_now(CLOCK_MONOTONIC);

	resting_until = ended + syncall_rest(ended - began, failed);
	errno = e;
	if (!failed)
		return SYNCALL_DONE;
	return is_refusal(e) ? SYNCALL_UNTRIED : SYNCALL_FAILED;
}
