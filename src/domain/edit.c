/* SPDX-License-Identifier: ISC */

#include "edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/io.h"
#include "base/samefile.h"
#include "base/sync.h"

enum { LOCK_MODE = 0600, NEW_MODE = 0644, LOCK_PAUSE_MS = 20, LOCK_TRIES = 30 * 1000 / LOCK_PAUSE_MS, ATTEMPTS = 5 };

int edit_locker;

static int name_with(stralloc *sa, char const *file, char const *suffix)
{
	return stralloc_copys(sa, file) && stralloc_cats(sa, suffix) && stralloc_0(sa);
}

/* In the directory of the file, so that it can take its place, and of no name that people give a copy. */
static int name_scratch(stralloc *sa, char const *file)
{
	char const *slash = strrchr(file, '/');
	size_t n = slash ? (size_t)(slash - file) + 1 : 0;

	return stralloc_copyb(sa, file, n) && stralloc_cats(sa, ".") && stralloc_cats(sa, file + n)
		&& stralloc_cats(sa, ".qmail-domain") && stralloc_0(sa);
}

/* ---- locks */

static int take_lock(int fd)
{
	struct timespec const pause = { .tv_nsec = LOCK_PAUSE_MS * 1000000L };
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int tries;

	for (tries = 0; tries < LOCK_TRIES; tries++) {
		if (fcntl(fd, F_SETLK, &l) == 0)
			return 1;
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return 0;
		nanosleep(&pause, 0);
	}
	edit_locker = fcntl(fd, F_GETLK, &l) == 0 && l.l_type != F_UNLCK ? (int)l.l_pid : 0;
	errno = ETIMEDOUT;
	return 0;
}

int edit_lock(char const *file)
{
	stralloc name = STRALLOC_ZERO;
	int named = 0;
	int fd = -1;
	int e;

	if (!name_with(&name, file, ".lock"))
		return -1;
	while (!named) {
		/* One that was removed while we waited for it keeps nobody out. */
		fd = open(name.s, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, LOCK_MODE);
		if (fd < 0)
			break;
		named = take_lock(fd) ? samefile_named(fd, name.s) : -1;
		if (named <= 0) {
			e = errno;
			close(fd);
			errno = e;
			fd = -1;
		}
	}
	e = errno;
	stralloc_free(&name);
	errno = e;
	return fd;
}

/* That of what the file leads to. A lock file that is the first one must not even be opened: closing it would give the
 * lock up. -2: there is no need for another one. */
static int lock_target(char const *target, int first)
{
	stralloc name = STRALLOC_ZERO;
	struct stat held;
	struct stat st;
	int same;

	if (fstat(first, &held) < 0 || !name_with(&name, target, ".lock"))
		return -1;
	same = stat(name.s, &st) == 0 && samefile_is(&st, &held);
	stralloc_free(&name);
	return same ? -2 : edit_lock(target);
}

/* ---- the file */

typedef struct editing
{
	char const *target;     /* the file itself, behind all symbolic links */
	stralloc scratch;       /* the name of the new one until it is in place */
	stralloc before;
	stralloc after;
	struct stat st;         /* of the old one */
	int present;
} editing;

static int read_before(editing *e)
{
	int fd = open(e->target, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int ok;
	int error;

	e->before.len = 0;
	e->present = fd >= 0;
	if (fd < 0)
		return errno == ENOENT;
	ok = fstat(fd, &e->st) == 0 && (S_ISREG(e->st.st_mode) || (errno = EINVAL, 0)) && slurp(&e->before, fd);
	error = errno;
	close(fd);
	errno = error;
	return ok;
}

static int write_after(editing *e)
{
	int fd;
	int ok;
	int error;

	if (unlink(e->scratch.s) < 0 && errno != ENOENT)
		return 0;
	fd = open(e->scratch.s, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, LOCK_MODE);
	if (fd < 0)
		return 0;
	/* Nobody else may write to it before all of it is there. */
	ok = io_writeall(fd, e->after.s, e->after.len)
		&& (!e->present || fchown(fd, e->st.st_uid, e->st.st_gid) == 0)
		&& fchmod(fd, e->present ? e->st.st_mode & 07777 : NEW_MODE) == 0 && sync_file(fd);
	error = errno;
	if (close(fd) < 0 && ok)
		return 0;
	errno = error;
	return ok;
}

/* Somebody with an editor takes no locks. */
static int is_unchanged(editing const *e)
{
	struct stat now;

	if (stat(e->target, &now) < 0)
		return errno == ENOENT && !e->present;
	return e->present && samefile_unchanged(&now, &e->st);
}

static int sync_parent(char const *file)
{
	char const *slash = strrchr(file, '/');
	char *dir = slash ? strndup(file, slash == file ? 1 : (size_t)(slash - file)) : strdup(".");
	int ok = dir && sync_dir(dir);

	free(dir);
	return ok;
}

static void discard(editing const *e)
{
	int error = errno;

	unlink(e->scratch.s);
	errno = error;
}

static edit_status remove_target(editing const *e)
{
	if (!e->present)
		return EDIT_SAME;
	if (!is_unchanged(e))
		return errno = EBUSY, EDIT_TROUBLE;
	return unlink(e->target) == 0 && sync_parent(e->target) ? EDIT_DONE : EDIT_TROUBLE;
}

static edit_status attempt(editing *e, edit_change *change, void *data)
{
	edit_status r;

	if (!read_before(e))
		return EDIT_TROUBLE;
	r = change(data, &e->before, e->present, &e->after);
	if (r == EDIT_REMOVE)
		return remove_target(e);
	if (r != EDIT_DONE)
		return r;
	if (!write_after(e))
		return discard(e), EDIT_TROUBLE;
	if (!is_unchanged(e))
		return discard(e), errno = EBUSY, EDIT_TROUBLE;
	if (rename(e->scratch.s, e->target) < 0)
		return discard(e), EDIT_TROUBLE;
	return sync_parent(e->target) ? EDIT_DONE : EDIT_TROUBLE;
}

static edit_status edit_target(char const *target, edit_change *change, void *data)
{
	editing e = { .target = target };
	edit_status r = EDIT_TROUBLE;
	int tries;
	int error;

	if (name_scratch(&e.scratch, target)) {
		/* that of one of us that was killed: who has the lock now is alone with it */
		discard(&e);
		for (tries = 0; tries < ATTEMPTS; tries++) {
			r = attempt(&e, change, data);
			if (r != EDIT_TROUBLE || errno != EBUSY)
				break;
		}
	}
	error = errno;
	stralloc_free(&e.scratch);
	stralloc_free(&e.before);
	stralloc_free(&e.after);
	errno = error;
	return r;
}

/* What the name leads to, to be freed; the name itself if there is nothing of it yet. */
static char *resolve(char const *file)
{
	char *target = realpath(file, 0);
	struct stat st;

	if (!target && errno == ENOENT && lstat(file, &st) < 0 && errno == ENOENT)
		target = strdup(file);
	return target;
}

edit_status edit_file(char const *file, edit_change *change, void *data)
{
	edit_status r = EDIT_TROUBLE;
	int first = edit_lock(file);
	int second = -1;
	char *target = 0;
	int error;

	if (first >= 0)
		target = resolve(file);
	if (target)
		second = lock_target(target, first);
	if (second != -1)
		r = edit_target(target, change, data);
	error = errno;
	if (second >= 0)
		close(second);
	if (first >= 0)
		close(first);
	free(target);
	errno = error;
	return r;
}
