/* SPDX-License-Identifier: ISC */

#include "base/trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void trigger_pull(char const *fifo)
{
	int e = errno;
	int fd = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0) {
		ssize_t ignored = write(fd, "", 1);

		(void)ignored;
		close(fd);
	}
	errno = e;
}

int trigger_arm(int *fd, char const *fifo)
{
	if (*fd >= 0)
		close(*fd);
	*fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return *fd >= 0;
}
