/* SPDX-License-Identifier: ISC */

#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/stralloc.h>

#include "base/io.h"
#include "base/sync.h"
#include "walk.h"

enum { MODE_BITS = 07777 };

static void close_keeping_errno(int fd)
{
	int e = errno;

	close(fd);
	errno = e;
}

static int own(int fd, hier_entry const *e, place_ids const *ids)
{
	/* chown takes setuid away, so the mode comes after it */
	return (!ids || fchown(fd, ids->uid, ids->gid) == 0) && fchmod(fd, e->mode) == 0;
}

/* Owner and mode of what is there already, when they are not what they should be. */
static place_result mend(walk const *w, struct stat const *st, hier_entry const *e, place_ids const *ids)
{
	int fd;
	int ok;

	if ((!ids || (st->st_uid == ids->uid && st->st_gid == ids->gid)) && (st->st_mode & MODE_BITS) == e->mode)
		return PLACE_KEPT;
	fd = walk_open(w, O_RDONLY);
	if (fd < 0)
		return PLACE_ERROR;
	ok = own(fd, e, ids);
	close_keeping_errno(fd);
	return ok ? PLACE_KEPT : PLACE_ERROR;
}

static place_result place_dir(walk const *w, hier_entry const *e, place_ids const *ids)
{
	struct stat st;
	int made = 0;

	if (!walk_stat(w, &st)) {
		if (errno != ENOENT || mkdirat(w->dir, w->name, 0700) < 0)
			return PLACE_ERROR;
		made = 1;
		if (!walk_stat(w, &st))
			return PLACE_ERROR;
	}
	if (!S_ISDIR(st.st_mode))
		return errno = ENOTDIR, PLACE_ERROR;
	if (mend(w, &st, e, ids) == PLACE_ERROR)
		return PLACE_ERROR;
	/* mess/0 says that the queue is complete: what came before it must not be lost behind its back */
	if (made && strcmp(e->path, "queue/mess/1") == 0 && syncfs(w->dir) < 0)
		return PLACE_ERROR;
	return made ? PLACE_MADE : PLACE_KEPT;
}

/* A lock file: make it, or take the one that is there, if it is an ordinary file of one name. */
static int lock_file(walk const *w, int *made)
{
	struct stat st;
	int fd = walk_open(w, O_RDWR);

	*made = 0;
	if (fd < 0 && errno == ENOENT) {
		*made = 1;
		fd = openat(w->dir, w->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	}
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1) {
		errno = S_ISREG(st.st_mode) ? EMLINK : EEXIST;
		close_keeping_errno(fd);
		return -1;
	}
	return fd;
}

static int zero(int fd)
{
	static char const zeros[HIER_TCPTO_SIZE];
	struct stat st;

	if (flock(fd, LOCK_EX) < 0 || fstat(fd, &st) < 0)
		return 0;
	if (st.st_size >= HIER_TCPTO_SIZE)
		return 1;
	return ftruncate(fd, 0) == 0 && io_writeall(fd, zeros, sizeof zeros) && sync_file(fd);
}

static place_result place_lock(walk const *w, hier_entry const *e, place_ids const *ids)
{
	int made;
	int fd = lock_file(w, &made);
	int ok;

	if (fd < 0)
		return PLACE_ERROR;
	ok = own(fd, e, ids) && (e->type != HIER_ZEROS || zero(fd));
	close_keeping_errno(fd);
	if (!ok)
		return PLACE_ERROR;
	return made ? PLACE_MADE : PLACE_KEPT;
}

static place_result place_fifo(walk const *w, hier_entry const *e, place_ids const *ids)
{
	struct stat st;
	int there = fstatat(w->dir, w->name, &st, AT_SYMLINK_NOFOLLOW) == 0;

	if (!there && errno != ENOENT)
		return PLACE_ERROR;
	if (there && !S_ISFIFO(st.st_mode)) {
		if (unlinkat(w->dir, w->name, 0) < 0)
			return PLACE_ERROR;
		there = 0;
	}
	if (!there && (mkfifoat(w->dir, w->name, 0600) < 0 || fstatat(w->dir, w->name, &st, AT_SYMLINK_NOFOLLOW) < 0))
		return PLACE_ERROR;
	if (mend(w, &st, e, ids) == PLACE_ERROR)
		return PLACE_ERROR;
	return there ? PLACE_KEPT : PLACE_MADE;
}

/* Up to n bytes; fewer only at the end of the file. -1 with errno. */
static ssize_t fill(int fd, char *buf, size_t n)
{
	size_t have = 0;

	while (have < n) {
		ssize_t r = io_read(fd, buf + have, n - have, 0);

		if (r < 0)
			return -1;
		if (r == 0)
			break;
		have += (size_t)r;
	}
	return (ssize_t)have;
}

/* Whether both hold the same bytes, from where they stand to their ends. -1 with errno. */
static int same(int a, int b)
{
	for (;;) {
		char x[16384];
		char y[sizeof x];
		ssize_t n = fill(a, x, sizeof x);
		ssize_t m = fill(b, y, sizeof y);

		if (n < 0 || m < 0)
			return -1;
		if (n != m || memcmp(x, y, (size_t)n) != 0)
			return 0;
		if ((size_t)n < sizeof x)
			return 1;
	}
}

static int copy(int from, int to)
{
	for (;;) {
		char buf[16384];
		ssize_t n = fill(from, buf, sizeof buf);

		if (n < 0 || !io_writeall(to, buf, (size_t)n))
			return 0;
		if ((size_t)n < sizeof buf)
			return 1;
	}
}

static place_result replace(walk const *w, int from, hier_entry const *e, place_ids const *ids)
{
	stralloc name = STRALLOC_ZERO;
	place_result result = PLACE_ERROR;
	int fd;

	if (!stralloc_copys(&name, ".") || !stralloc_cats(&name, w->name) || !stralloc_cats(&name, ".new") || !stralloc_0(&name))
		return PLACE_ERROR;
	/* left by a setup that was cut short: only one runs at a time */
	if (unlinkat(w->dir, name.s, 0) < 0 && errno != ENOENT)
		goto out;
	fd = openat(w->dir, name.s, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		goto out;
	if (copy(from, fd) && own(fd, e, ids) && sync_file(fd) && renameat(w->dir, name.s, w->dir, w->name) == 0) {
		result = PLACE_MADE;
	} else {
		int err = errno;

		unlinkat(w->dir, name.s, 0);
		errno = err;
	}
	close_keeping_errno(fd);
out:
	stralloc_free(&name);
	return result;
}

static place_result place_file(walk const *w, hier_entry const *e, place_ids const *ids)
{
	place_result result = PLACE_ERROR;
	struct stat st;
	int there = fstatat(w->dir, w->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	int equal = 0;
	int from;

	if (!there && errno != ENOENT)
		return PLACE_ERROR;
	if (there && S_ISLNK(st.st_mode))
		return PLACE_LINK;
	if (there && !S_ISREG(st.st_mode))
		return errno = EISDIR, PLACE_ERROR;
	from = open(e->source, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return PLACE_ERROR;
	if (there) {
		int old = walk_open(w, O_RDONLY);

		equal = old >= 0 ? same(from, old) : 0;
		if (old >= 0)
			close(old);
	}
	if (equal == 1)
		result = mend(w, &st, e, ids);
	else if (lseek(from, 0, SEEK_SET) == 0)
		result = replace(w, from, e, ids);
	close_keeping_errno(from);
	return result;
}

place_result place_entry(int home, hier_entry const *e, place_ids const *ids)
{
	place_result result = PLACE_ERROR;
	walk w;

	if (!walk_to(&w, home, e->path))
		return PLACE_ERROR;
	switch (e->type) {
	case HIER_DIR: result = place_dir(&w, e, ids); break;
	case HIER_FILE: result = place_file(&w, e, ids); break;
	case HIER_EMPTY:
	case HIER_ZEROS: result = place_lock(&w, e, ids); break;
	case HIER_FIFO: result = place_fifo(&w, e, ids); break;
	}
	walk_done(&w);
	return result;
}
