/* SPDX-License-Identifier: ISC */

/* qmail-qread(8): list the messages in the queue with the recipients they still have. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/buffer.h>
#include <skalibs/bytestr.h>
#include <skalibs/djbunix.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include "base/conf.h"
#include "base/errtext.h"
#include "base/fds.h"
#include "mail/date822.h"
#include "proto/info.h"
#include "proto/qpath.h"
#include "proto/recips.h"

enum { EXIT_TEMP = 111, BLOCK = 65536 };

char const *PROG = "qmail-qread";

static qpath_layout layout;
static recips_reader recips = RECIPS_READER_ZERO;

/* The list is for a pipe or a terminal: when nobody takes it there is no point in going on. */
static void out(char const *s, size_t n)
{
	if (buffer_put(buffer_1, s, n) < 0)
		_exit(EXIT_TEMP);
}

static void outs(char const *s)
{
	out(s, strlen(s));
}

static void out_number(uint64_t u)
{
	char s[UINT64_FMT];

	out(s, uint64_fmt(s, u));
}

/* An address as it may stand on a terminal. */
static void out_safe(char const *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		out(s[i] < 32 || s[i] > 126 ? "_" : s + i, 1);
}

static void flush(void)
{
	if (!buffer_flush(buffer_1))
		_exit(EXIT_TEMP);
}

static _Noreturn void die(char const *what, char const *path)
{
	int e = errno;

	outs("fatal: unable to ");
	outs(what);
	outs(path);
	outs(": ");
	outs(errtext(e));
	outs("\n");
	flush();
	_exit(EXIT_TEMP);
}

/* Messages come and go while we look: one without info has ended, and that is no trouble. */
static void warn(uint64_t id)
{
	char name[QPATH_FMT];
	int e = errno;

	qpath_fmt(name, &layout, QPATH_INFO, id);
	if (access(name, F_OK) < 0 && errno == ENOENT)
		return;
	outs("warning: trouble with #");
	out_number(id);
	outs(": ");
	outs(errtext(e));
	outs("\n");
}

/* The list goes on as it always has; what is wrong with it is said beside it. */
static void damaged(qpath_kind kind, uint64_t id, char const *what)
{
	char name[QPATH_FMT];

	flush();
	qpath_fmt(name, &layout, kind, id);
	strerr_warnw("queue/", name, " is damaged: ", what);
}

static int open_file(qpath_kind kind, uint64_t id)
{
	char name[QPATH_FMT];

	qpath_fmt(name, &layout, kind, id);
	return open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

static int stat_file(qpath_kind kind, uint64_t id, struct stat *st)
{
	char name[QPATH_FMT];

	qpath_fmt(name, &layout, kind, id);
	return stat(name, st) == 0;
}

/* "22 Nov 2026 02:00:54 GMT" */
static void out_date(int64_t t)
{
	char s[DATE822_FMT];
	size_t n = date822_fmt(s, t);

	out(s, byte_rchr(s, n, ' '));
	outs(" GMT");
}

/* As much of info/N as counts: 1, or 0 with errno. */
static int read_info(uint64_t id, struct stat *st, char *buf, size_t *n)
{
	int fd = open_file(QPATH_INFO, id);
	int ok;

	if (fd < 0)
		return 0;
	ok = fstat(fd, st) == 0;
	if (ok) {
		errno = 0;
		*n = allread(fd, buf, INFO_MAX);
		ok = *n == INFO_MAX || errno == 0;
	}
	fd_close(fd);
	return ok;
}

static int show_message(uint64_t id)
{
	static char buf[INFO_MAX];
	struct stat info, mess, bounce;
	char const *sender = "";
	info_status scanned;
	size_t len = 0;
	size_t n;

	if (!stat_file(QPATH_MESS, id, &mess) || !read_info(id, &info, buf, &n))
		return 0;
	scanned = info_scan(buf, n, &sender, &len);

	out_date(info.st_mtime);
	outs("  #");
	out_number(id);
	outs("  ");
	out_number((uint64_t)mess.st_size);
	outs("  <");
	out_safe(sender, len);
	outs("> ");
	if (stat_file(QPATH_BOUNCE, id, &bounce))
		outs(" bouncing");
	outs("\n");
	if (scanned != INFO_OK)
		damaged(QPATH_INFO, id, scanned == INFO_CUT ? "its sender is not ended: the message waits"
			: "it does not start with F: the message waits");
	return 1;
}

static void out_recipient(char const *channel, int done)
{
	outs(done ? "  done\t" : "\t");
	outs(channel);
	outs("\t");
	out_safe(recips.recipient, recips.len);
	outs("\n");
}

/* The records in block[0..n): 1, or 0 when no more can be read from this file. *whole is cleared for one that is
 * none. */
static int show_records(char const *channel, char const *block, size_t n, int *whole)
{
	size_t pos = 0;

	for (;;) {
		size_t before = pos;

		switch (recips_next(&recips, block, n, &pos)) {
		case RECIPS_TODO: out_recipient(channel, 0); break;
		case RECIPS_DONE: out_recipient(channel, 1); break;
		case RECIPS_MORE: return 1;
		case RECIPS_NOMEM: return errno = ENOMEM, 0;
		case RECIPS_BAD:
			if (pos == before)
				return errno = EMSGSIZE, 0;
			*whole = 0;
			break;
		}
	}
}

static int show_recipients(qpath_kind kind, char const *channel, uint64_t id)
{
	static char block[BLOCK];
	int fd = open_file(kind, id);
	uint64_t total = 0;
	int whole = 1;
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT;
	recips_rewind(&recips, 0);
	while ((n = fd_read(fd, block, sizeof block)) > 0) {
		if (!show_records(channel, block, (size_t)n, &whole)) {
			n = -1;
			break;
		}
		total += (uint64_t)n;
	}
	fd_close(fd);
	if (n < 0)
		return 0;
	if (!whole)
		damaged(kind, id, "a record starts with neither T nor D: the recipients from there on wait");
	else if (recips_cut(&recips))
		damaged(kind, id, "the last record is not ended: its recipient will get nothing");
	else if (!total)
		damaged(kind, id, "it is empty: the message waits");
	return 1;
}

static void show_subdirectory(unsigned int s)
{
	char name[QPATH_FMT];
	struct dirent *d;
	DIR *dir;
	uint64_t id;

	qpath_dir_fmt(name, &layout, QPATH_INFO, s);
	dir = opendir(name);
	if (!dir)
		die("opendir ", name);
	while (errno = 0, d = readdir(dir)) {
		if (!qpath_scan(d->d_name, &id))
			continue;
		if (!show_message(id) || !show_recipients(QPATH_LOCAL, "local", id)
			|| !show_recipients(QPATH_REMOTE, "remote", id))
			warn(id);
	}
	if (errno)
		die("read ", name);
	closedir(dir);
}

int main(void)
{
	unsigned int s;

	if (!fds_sane(2))
		return EXIT_TEMP;
	if (chdir(conf_home) < 0 || chdir("queue") < 0)
		die("chdir", "");
	if (!qpath_detect(&layout))
		die("read ", "mess");
	for (s = 0; s < layout.split; s++)
		show_subdirectory(s);
	flush();
	return 0;
}
