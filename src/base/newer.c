/* SPDX-License-Identifier: ISC */

#include "base/newer.h"

#include <errno.h>
#include <sys/stat.h>

int newer_time(struct timespec a, struct timespec b)
{
	return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

int newer_file(int dir, char const *file, char const *other)
{
	struct stat source;
	struct stat made;

	if (fstatat(dir, file, &source, 0) < 0)
		return 0;
	return fstatat(dir, other, &made, 0) == 0 ? newer_time(source.st_mtim, made.st_mtim) : errno == ENOENT;
}
