/* SPDX-License-Identifier: ISC */

#include "base/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Whoever is told of a failed write here is not told of it by the flush. Other kinds of failure say that nothing was
 * tried: a file system, or a sandbox around us, that does not know the call. */
static int write_out(int fd, unsigned int flags)
{
	int e = errno;

	if (sync_file_range(fd, 0, 0, flags) == 0)
		return 1;
	if (errno != ENOSYS && errno != EINVAL && errno != ESPIPE && errno != EPERM)
		return 0;
	errno = e;
	return 1;
}

int sync_start(int fd)
{
	return write_out(fd, SYNC_FILE_RANGE_WRITE);
}

int sync_wait(int fd)
{
	return write_out(fd, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
}

int sync_file(int fd)
{
	return fsync(fd) == 0;
}

int sync_dir(char const *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ok;
	int e;

	if (fd < 0)
		return 0;
	ok = fsync(fd) == 0;
	e = errno;
	close(fd);
	errno = e;
	return ok;
}

int sync_names(char const *path, int fd)
{
	if (sync_dir(path))
		return 1;
	if (errno == EACCES)
		return syncfs(fd) == 0;
	return errno == EINVAL;
}
