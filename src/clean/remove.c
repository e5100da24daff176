/* SPDX-License-Identifier: ISC */

#include "clean/remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STALE_SECONDS = 129600 };

static int remove_one(qpath_layout const *l, qpath_kind kind, uint64_t id)
{
	char name[QPATH_FMT];

	qpath_fmt(name, l, kind, id);
	return unlink(name) == 0 || errno == ENOENT;
}

char remove_files(qpath_layout const *l, clean_verb verb, uint64_t id)
{
	/* intd first: with todo/N or mess/N gone, nobody would ask again for an intd/N that stayed. */
	if (!remove_one(l, QPATH_INTD, id))
		return CLEAN_FAILED;
	if (!remove_one(l, verb == CLEAN_TODO ? QPATH_TODO : QPATH_MESS, id))
		return CLEAN_FAILED;
	return CLEAN_DONE;
}

/* The access time decides, as it always has: a file in pid is never read, so that is its birth, and unlike
 * the modification time it does not move while a message trickles in. */
static int is_stale(int dir, char const *name, int64_t now)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && now >= (int64_t)st.st_atime + STALE_SECONDS;
}

void remove_stale(int64_t now)
{
	DIR *dir = opendir("pid");
	struct dirent *d;

	if (!dir)
		return;
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.' && is_stale(dirfd(dir), d->d_name, now))
			unlinkat(dirfd(dir), d->d_name, 0);
	closedir(dir);
}
