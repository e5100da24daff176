/* SPDX-License-Identifier: ISC */

#include "base/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/samefile.h"

enum { FILE_MODE = 0644 };

static int lock(int fd)
{
	int r;

	do
		r = flock(fd, LOCK_EX);
	while (r < 0 && errno == EINTR);
	return r == 0;
}

int scratch_open(char const *name)
{
	for (;;) {
		int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, FILE_MODE);
		int r;
		int e;

		if (fd < 0)
			return -1;
		r = lock(fd) ? samefile_named(fd, name) : -1;
		if (r == 1 && ftruncate(fd, 0) == 0 && fchmod(fd, FILE_MODE) == 0)
			return fd;
		e = errno;
		close(fd);
		/* While we waited the file has become the table, or was removed: it must not be written to. */
		if (r != 0)
			return errno = e, -1;
	}
}
