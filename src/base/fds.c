/* SPDX-License-Identifier: ISC */

#include "base/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

int fds_sane(int last)
{
	int fd;

	for (fd = 0; fd <= last; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
			int got = open("/dev/null", O_RDWR);

			if (got < 0)
				return 0;
			if (got != fd && fd_move(fd, got) < 0)
				return 0;
		}
	return 1;
}

/* Not every C library knows close_range. Kernels before 5.9 have none: walk as far as descriptors can reach. */
static void each_from(int first, unsigned int flags)
{
	long max;
	int fd;

	if (syscall(SYS_close_range, (unsigned int)first, ~0U, flags) == 0)
		return;
	max = sysconf(_SC_OPEN_MAX);
	for (fd = first; fd < (max > 0 ? max : 1024); fd++) {
		if (flags)
			coe(fd);
		else
			close(fd);
	}
}

void fds_cloexec_from(int first)
{
	int e = errno;

	each_from(first, CLOSE_RANGE_CLOEXEC);
	errno = e;
}

void fds_close_from(int first)
{
	int e = errno;

	each_from(first, 0);
	errno = e;
}
