/* SPDX-License-Identifier: ISC */

#include "proto/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FIRST_ROOM = 64, DIR_LEN = 4 };          /* new/ and cur/ are equally long */

static char const flags[] = ":2,";              /* of a message that has been seen and has no mark */

/* ---- listing */

typedef int visitor(void *data, int dir, char const *name);

/* Calls visit for each name in a directory that is no dot file, until that gives 0. 1, or 0 with errno. */
static int each_name(char const *path, visitor *visit, void *data)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int ok = 1;
	int error;

	if (!d)
		return 0;
	while (ok && (errno = 0, e = readdir(d)))
		if (e->d_name[0] != '.')
			ok = visit(data, dirfd(d), e->d_name);
	error = errno;
	closedir(d);
	errno = error;
	return ok && !error;
}

static int remove_stale(void *now, int dir, char const *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0
		&& *(int64_t const *)now > (int64_t)st.st_atime + MAILDIR_STALE_SECONDS)
		(void)unlinkat(dir, name, 0);
	return 1;
}

void maildir_clean(int64_t now)
{
	(void)each_name("tmp", remove_stale, &now);
}

typedef struct scan
{
	maildir *m;
	char const *path;       /* of the directory, with a slash */
	int64_t now;
} scan;

static char *join(char const *dir, char const *name, size_t n, char const *suffix)
{
	char *s = malloc(DIR_LEN + n + strlen(suffix) + 1);

	if (!s)
		return 0;
	memcpy(s, dir, DIR_LEN);
	memcpy(s + DIR_LEN, name, n);
	memcpy(s + DIR_LEN + n, suffix, strlen(suffix) + 1);
	return s;
}

static maildir_message *next_place(maildir *m)
{
	if (m->n == m->room) {
		size_t room = m->room ? m->room + m->room / 2 : FIRST_ROOM;
		maildir_message *more = reallocarray(m->messages, room, sizeof *more);

		if (!more)
			return 0;
		m->messages = more;
		m->room = room;
	}
	return m->messages + m->n;
}

/* What has gone meanwhile is no message; what is no file never was one. */
static int add(void *data, int dir, char const *name)
{
	scan const *s = data;
	maildir_message *x;
	struct stat st;

	if (fstatat(dir, name, &st, 0) < 0 || !S_ISREG(st.st_mode) || (int64_t)st.st_mtime >= s->now)
		return 1;
	x = next_place(s->m);
	if (!x)
		return 0;
	x->name = join(s->path, name, strlen(name), "");
	if (!x->name)
		return 0;
	x->size = (uint64_t)st.st_size;
	x->mtime = (int64_t)st.st_mtime;
	x->nanoseconds = (uint32_t)st.st_mtim.tv_nsec;
	x->inode = (uint64_t)st.st_ino;
	x->deleted = 0;
	s->m->n++;
	return 1;
}

/* Of the same age: always in the same order, so that a number means the same message next time. */
static int compare(void const *a, void const *b)
{
	maildir_message const *x = a;
	maildir_message const *y = b;

	if (x->mtime != y->mtime)
		return x->mtime < y->mtime ? -1 : 1;
	if (x->nanoseconds != y->nanoseconds)
		return x->nanoseconds < y->nanoseconds ? -1 : 1;
	return strcmp(x->name + DIR_LEN, y->name + DIR_LEN);
}

static int same(maildir_message const *x, maildir_message const *y)
{
	size_t n;
	size_t k;
	char const *a = maildir_uid(x, &n);
	char const *b = maildir_uid(y, &k);

	return x->inode == y->inode && n == k && memcmp(a, b, n) == 0;
}

/* One that went from new to cur while we looked was seen in both. */
static void drop_doubles(maildir *m)
{
	size_t kept = 0;
	size_t i;

	for (i = 0; i < m->n; i++) {
		if (kept > 0 && same(m->messages + kept - 1, m->messages + i))
			free(m->messages[--kept].name);
		m->messages[kept++] = m->messages[i];
	}
	m->n = kept;
}

int maildir_scan(maildir *m, int64_t now)
{
	scan unseen = { m, "new/", now };
	scan seen = { m, "cur/", now };

	if (!each_name("new", add, &unseen) || !each_name("cur", add, &seen))
		return 0;
	if (m->n > 1)
		qsort(m->messages, m->n, sizeof *m->messages, compare);
	drop_doubles(m);
	return 1;
}

char const *maildir_uid(maildir_message const *x, size_t *n)
{
	char const *s = x->name + DIR_LEN;

	*n = strcspn(s, ":");
	return s;
}

/* ---- one message */

typedef struct search
{
	maildir_message *x;
	char const *path;
	int found;
} search;

/* The message is called name by now if that file has its unique part and is the same file. */
static int try_name(search *s, char const *name, size_t n, char const *suffix)
{
	char *candidate = join(s->path, name, n, suffix);
	struct stat st;

	if (!candidate)
		return 0;
	if (stat(candidate, &st) == 0 && (uint64_t)st.st_ino == s->x->inode) {
		free(s->x->name);
		s->x->name = candidate;
		s->found = 1;
	} else {
		free(candidate);
	}
	return !s->found;
}

static int look_at(void *data, int dir, char const *name)
{
	search *s = data;
	size_t n;
	char const *uid = maildir_uid(s->x, &n);

	(void)dir;
	if (strncmp(name, uid, n) != 0 || (name[n] != 0 && name[n] != ':'))
		return 1;
	return try_name(s, name, strlen(name), "");
}

/* Somebody has moved it, or changed its flags. First the names that readers give, so that it costs little when
 * all of a large Maildir was moved; then all there are. 1, or 0 with errno (ENOENT: it is gone). */
static int find_again(maildir_message *x)
{
	static char const *const usual[] = { ":2,", ":2,S" };
	search seen = { x, "cur/", 0 };
	search unseen = { x, "new/", 0 };
	size_t n;
	size_t i;

	for (i = 0; i < sizeof usual / sizeof usual[0] && !seen.found; i++) {
		char const *uid = maildir_uid(x, &n);

		try_name(&seen, uid, n, usual[i]);
	}
	if (seen.found)
		return 1;
	if (!each_name("cur", look_at, &seen) && errno)
		return 0;
	if (!seen.found && !each_name("new", look_at, &unseen) && errno)
		return 0;
	return seen.found || unseen.found ? 1 : (errno = ENOENT, 0);
}

/* A name may have become something to wait at, a fifo. */
static int open_file(char const *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		return errno = ENOENT, -1;
	}
	return fd;
}

int maildir_open(maildir_message *x)
{
	int fd = open_file(x->name);

	if (fd < 0 && errno == ENOENT && find_again(x))
		fd = open_file(x->name);
	return fd;
}

int maildir_remove(maildir_message *x)
{
	if (unlink(x->name) == 0)
		return 1;
	if (errno == ENOENT && find_again(x) && unlink(x->name) == 0)
		return 1;
	return errno == ENOENT;
}

/* Not every C library knows renameat2. Where the file system knows no rename that spares what is there, two steps do the same. */
static int rename_sparing(char const *from, char const *to)
{
	if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 1;
	if (errno != EINVAL && errno != ENOSYS)
		return 0;
	return link(from, to) == 0 && unlink(from) == 0;
}

void maildir_keep(maildir_message *x)
{
	char *to;

	if (strncmp(x->name, "new/", DIR_LEN) != 0)
		return;
	to = join("cur/", x->name + DIR_LEN, strlen(x->name + DIR_LEN), flags);
	if (to && rename_sparing(x->name, to)) {
		free(x->name);
		x->name = to;
	} else {
		free(to);
	}
}

void maildir_free(maildir *m)
{
	while (m->n > 0)
		free(m->messages[--m->n].name);
	free(m->messages);
	*m = (maildir)MAILDIR_ZERO;
}
