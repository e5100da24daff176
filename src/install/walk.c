/* SPDX-License-Identifier: ISC */

#include "walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static int trusted(int dir)
{
	struct stat st;

	return fstat(dir, &st) == 0 && (st.st_uid == 0 || st.st_uid == geteuid()) && (st.st_mode & 0022) == 0;
}

static int enter(int dir, char const *name)
{
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (trusted(dir) ? 0 : O_NOFOLLOW));
}

int walk_to(walk *w, int home, char const *path)
{
	char const *slash;
	int dir = fcntl(home, F_DUPFD_CLOEXEC, 3);

	for (; dir >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
		char name[NAME_MAX + 1];
		size_t n = (size_t)(slash - path);
		int next;
		int e;

		if (n > NAME_MAX) {
			close(dir);
			return errno = ENAMETOOLONG, 0;
		}
		memcpy(name, path, n);
		name[n] = 0;
		next = enter(dir, name);
		e = errno;
		close(dir);
		errno = e;
		dir = next;
	}
	if (dir < 0)
		return 0;
	w->dir = dir;
	w->name = path;
	w->follow = trusted(dir);
	return 1;
}

int walk_stat(walk const *w, struct stat *st)
{
	return fstatat(w->dir, w->name, st, w->follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0;
}

int walk_open(walk const *w, int flags)
{
	return openat(w->dir, w->name, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (w->follow ? 0 : O_NOFOLLOW));
}

void walk_done(walk *w)
{
	int e = errno;

	close(w->dir);
	w->dir = -1;
	errno = e;
}
