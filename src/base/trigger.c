/* SPDX-License-Identifier: ISC */

#include "base/trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
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
	struct stat st;

	if (*fd >= 0)
		close(*fd);
	*fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0)
		return 0;
	/* A plain file can always be read: whoever waits for it would never wait. */
	if (fstat(*fd, &st) == 0 && S_ISFIFO(st.st_mode))
		return 1;
	close(*fd);
	*fd = -1;
	errno = EINVAL;
	return 0;
}
