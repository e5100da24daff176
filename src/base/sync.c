/* SPDX-License-Identifier: ISC */

#include "base/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void sync_start(int fd)
{
	int e = errno;

	(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	errno = e;
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
