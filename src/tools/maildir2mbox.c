/* SPDX-License-Identifier: ISC */

/* maildir2mbox: move the messages of a Maildir to the end of an mbox. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/buffer.h>
#include <skalibs/djbunix.h>
#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>

#include "base/fds.h"
#include "base/io.h"
#include "base/samefile.h"
#include "base/sync.h"
#include "base/text.h"
#include "mail/fromline.h"
#include "proto/maildir.h"

char const *PROG = "maildir2mbox";

enum { EXIT_TEMP = 111, BLOCK = 65536 };

typedef struct conversion
{
	char const *mbox;
	char const *tmp;        /* becomes the mbox */
	int fd_mbox;
	int fd_tmp;
	buffer out;             /* to tmp */
} conversion;

static char const *must_have(char const *name)
{
	char const *s = getenv(name);

	if (!s)
		strerr_dief(EXIT_TEMP, name, " not set");
	return s;
}

/* Nothing has been removed yet: what was copied goes, so that a full disk is less full again. */
static _Noreturn void die(conversion const *c, char const *what, char const *file)
{
	int e = errno;

	(void)unlink(c->tmp);
	errno = e;
	strerr_diefusys(EXIT_TEMP, what, file);
}

static int is_same(int fd, struct stat const *st)
{
	struct stat other;

	return fstat(fd, &other) == 0 && samefile_is(&other, st);
}

/* Another of us may have put a new mbox there while we waited for the lock of the old one. */
static void lock_mbox(conversion *c)
{
	struct stat st;

	for (;;) {
		c->fd_mbox = open(c->mbox, O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0600);
		if (c->fd_mbox < 0)
			strerr_diefusys(EXIT_TEMP, "lock ", c->mbox);
		while (flock(c->fd_mbox, LOCK_EX) < 0)
			if (errno != EINTR)
				strerr_diefusys(EXIT_TEMP, "lock ", c->mbox);
		if (stat(c->mbox, &st) == 0 && is_same(c->fd_mbox, &st))
			break;
		fd_close(c->fd_mbox);
	}
	if (!S_ISREG(st.st_mode))
		strerr_dief(EXIT_TEMP, c->mbox, " is not a file");
}

static void open_tmp(conversion *c, char *buf, size_t n)
{
	struct stat st;

	c->fd_tmp = open(c->tmp, O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0600);
	if (c->fd_tmp < 0 || fstat(c->fd_tmp, &st) < 0)
		strerr_diefusys(EXIT_TEMP, "create ", c->tmp);
	if (is_same(c->fd_mbox, &st))
		strerr_dief(EXIT_TEMP, "MAIL and MAILTMP are the same file: let MAILTMP name another in its directory");
	if (ftruncate(c->fd_tmp, 0) < 0)
		strerr_diefusys(EXIT_TEMP, "create ", c->tmp);
	buffer_init(&c->out, &buffer_write, c->fd_tmp, buf, n);
}

static void put(conversion *c, char const *s, size_t n)
{
	if (buffer_put(&c->out, s, n) < 0)
		die(c, "write to ", c->tmp);
}

/* A message that was cut off in the middle of a line gets its newline, lest it run into the next. */
static void copy_mbox(conversion *c)
{
	static char block[BLOCK];
	char last = '\n';
	ssize_t r;

	while ((r = io_read(c->fd_mbox, block, sizeof block, 0)) > 0) {
		put(c, block, (size_t)r);
		last = block[r - 1];
	}
	if (r < 0)
		die(c, "read ", c->mbox);
	if (last != '\n')
		put(c, "\n", 1);
}

/* Read a whole block, or what is left. */
static ssize_t read_block(int fd, char *s, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = io_read(fd, s + got, n - got, 0);

		if (r < 0)
			return -1;
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

static void copy_text(conversion *c, int fd, maildir_message const *x)
{
	static char block[BLOCK];
	static char quoted[FROMLINE_ROOM(BLOCK)];
	fromline f = FROMLINE_ZERO;
	stralloc line = STRALLOC_ZERO;
	ssize_t r = read_block(fd, block, sizeof block);

	if (r < 0)
		die(c, "read ", x->name);
	if (!fromline_restore(&line, block, (size_t)r, x->mtime))
		die(c, "read ", x->name);
	put(c, line.s, line.len);
	stralloc_free(&line);
	while (r > 0) {
		put(c, quoted, fromline_feed(&f, quoted, block, (size_t)r));
		r = read_block(fd, block, sizeof block);
		if (r < 0)
			die(c, "read ", x->name);
	}
	put(c, quoted, fromline_end(&f, quoted));
	put(c, "\n", 1);
}

/* A message that has gone meanwhile was removed by another reader. */
static void copy_message(conversion *c, maildir_message *x)
{
	int fd = maildir_open(x);

	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0)
		die(c, "read ", x->name);
	copy_text(c, fd, x);
	fd_close(fd);
	x->deleted = 1;
}

/* Order: the text on disk, then the name, then the name on disk; only then may the originals go. */
static void commit(conversion *c)
{
	size_t n = strlen(c->mbox);
	size_t slash = text_rchr(c->mbox, n, '/');
	char *dir = slash < n ? strndup(c->mbox, slash + 1) : strdup(".");

	if (!buffer_flush(&c->out) || !sync_file(c->fd_tmp))
		die(c, "write to ", c->tmp);
	if (!dir)
		die(c, "move ", c->tmp);
	if (rename(c->tmp, c->mbox) < 0) {
		int e = errno;

		(void)unlink(c->tmp);
		errno = e;
		strerr_diefusys(EXIT_TEMP, "move ", c->tmp, " to ", c->mbox);
	}
	if (!sync_names(dir, c->fd_tmp))
		strerr_diefusys(EXIT_TEMP, "sync ", dir);
	free(dir);
}

/* Those that were copied. One that stays will be in the mbox twice the next time. */
static void remove_copied(maildir *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (m->messages[i].deleted && !maildir_remove(m->messages + i))
			strerr_warnwusys("delete ", m->messages[i].name);
}

int main(void)
{
	static char buf[BLOCK];
	conversion c;
	char const *dir;
	maildir m = MAILDIR_ZERO;
	size_t i;

	if (!fds_sane(2))
		strerr_diefusys(EXIT_TEMP, "open descriptors 0 to 2");
	umask(077);
	c.mbox = must_have("MAIL");
	c.tmp = must_have("MAILTMP");
	dir = must_have("MAILDIR");
	if (chdir(dir) < 0)
		strerr_diefusys(EXIT_TEMP, "chdir to ", dir);
	maildir_clean(time(0));
	if (!maildir_scan(&m, time(0)))
		strerr_diefusys(EXIT_TEMP, "read ", dir);
	if (m.n == 0)
		return 0;
	lock_mbox(&c);
	open_tmp(&c, buf, sizeof buf);
	copy_mbox(&c);
	for (i = 0; i < m.n; i++)
		copy_message(&c, m.messages + i);
	commit(&c);
	remove_copied(&m);
	return 0;
}
