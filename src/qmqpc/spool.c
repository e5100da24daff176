/* SPDX-License-Identifier: ISC */

#include "spool.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "base/tempfile.h"

void spool_start(spool *sp)
{
	sp->fd = -1;
	sp->size = 0;
}

static int open_file(void)
{
	int fd = tempfile_open();

	return fd >= 0 ? fd : memfd_create("message", MFD_CLOEXEC);
}

int spool_put(spool *sp, char const *s, size_t n)
{
	if (sp->fd < 0 && n <= SPOOL_MEMORY - sp->size) {
		memcpy(sp->buf + sp->size, s, n);
		sp->size += n;
		return 1;
	}
	if (sp->fd < 0) {
		sp->fd = open_file();
		if (sp->fd < 0 || !io_writeall(sp->fd, sp->buf, (size_t)sp->size))
			return 0;
	}
	if (!io_writeall(sp->fd, s, n))
		return 0;
	sp->size += n;
	return 1;
}

ssize_t spool_get(spool const *sp, uint64_t at, char *s, size_t n)
{
	ssize_t r;

	if (n > sp->size - at)
		n = (size_t)(sp->size - at);
	if (n == 0)
		return 0;
	if (sp->fd < 0) {
		memcpy(s, sp->buf + at, n);
		return (ssize_t)n;
	}
	do
		r = pread(sp->fd, s, n, (off_t)at);
	while (r < 0 && errno == EINTR);
	/* The file is ours alone: an end before its end is damage. */
	return r == 0 ? (errno = EIO, -1) : r;
}
