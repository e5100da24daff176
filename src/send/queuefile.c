/* SPDX-License-Identifier: ISC */

#include "send/queuefile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "proto/info.h"
#include "send/log.h"

static qpath_layout layout;

int queuefile_detect(void)
{
	return qpath_detect(&layout);
}

qpath_layout const *queuefile_layout(void)
{
	return &layout;
}

char const *queuefile_name(qpath_kind k, uint64_t id)
{
	static char name[QPATH_FMT];

	qpath_fmt(name, &layout, k, id);
	return name;
}

int queuefile_exists(qpath_kind k, uint64_t id, int64_t *mtime)
{
	struct stat st;

	if (lstat(queuefile_name(k, id), &st) < 0)
		return errno == ENOENT ? 0 : -1;
	if (mtime)
		*mtime = st.st_mtime;
	return 1;
}

int queuefile_remove(qpath_kind k, uint64_t id)
{
	return unlink(queuefile_name(k, id)) == 0 || errno == ENOENT;
}

int queuefile_open(qpath_kind k, uint64_t id, int flags)
{
	int fd = open(queuefile_name(k, id), flags | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;
	int e = QUEUEFILE_ODD;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		e = errno;
	else if (S_ISREG(st.st_mode))
		return fd;
	close(fd);
	errno = e;
	return -1;
}

/* A directory opened for writing gives EISDIR, a fifo or a device without anybody behind it ENXIO; a file that is
 * not ours EACCES. */
int queuefile_odd(int e)
{
	return e == QUEUEFILE_ODD || e == ELOOP || e == EISDIR || e == ENXIO || e == EACCES;
}

/* Reads what is there, INFO_MAX bytes at most. Returns the length, -1 with errno. */
static ssize_t slurp(int fd, char *s)
{
	size_t n = 0;

	while (n < INFO_MAX) {
		ssize_t r = io_read(fd, s + n, INFO_MAX - n, 0);

		if (r < 0)
			return -1;
		if (r == 0)
			break;
		n += (size_t)r;
	}
	return (ssize_t)n;
}

int queuefile_info(stralloc *sender, int64_t *birth, uint64_t id)
{
	static char record[INFO_MAX];
	int fd = queuefile_open(QPATH_INFO, id, O_RDONLY);
	struct stat st;
	char const *s;
	size_t len;
	ssize_t n = -1;
	int e;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) == 0)
		n = slurp(fd, record);
	e = errno;
	close(fd);
	if (n < 0)
		return errno = e, 0;
	if (info_scan(record, (size_t)n, &s, &len) != INFO_OK)
		return errno = EPROTO, 0;
	*birth = st.st_mtime;
	while (!stralloc_copyb(sender, s, len))
		log_nomem();
	return 1;
}
