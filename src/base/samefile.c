/* SPDX-License-Identifier: ISC */

#include "base/samefile.h"

#include <errno.h>

int samefile_is(struct stat const *a, struct stat const *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

int samefile_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

int samefile_unchanged(struct stat const *a, struct stat const *b)
{
	return samefile_is(a, b) && a->st_size == b->st_size && samefile_time(a->st_mtim, b->st_mtim)
		&& samefile_time(a->st_ctim, b->st_ctim);
}

int samefile_named(int fd, char const *name)
{
	struct stat mine;
	struct stat named;

	if (fstat(fd, &mine) < 0)
		return -1;
	if (lstat(name, &named) < 0)
		return errno == ENOENT ? 0 : -1;
	return samefile_is(&mine, &named);
}
