/* SPDX-License-Identifier: ISC */

/* qmail-newu: makes users/cdb of users/assign.
 *
 * The new table is complete and on disk before it takes the old one's name, so qmail-lspawn sees the old
 * table or the new one, whatever happens. Of several that run at once each waits for the one before it
 * and then reads users/assign, so the last one leaves what the file last said. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cdb.h>
#include <skalibs/buffer.h>
#include <skalibs/djbunix.h>
#include <skalibs/skamisc.h>
#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include "base/conf.h"
#include "base/fds.h"
#include "base/sandbox.h"
#include "base/scratch.h"
#include "base/sync.h"
#include "proto/users.h"

#define ASSIGN "users/assign"
#define CDB "users/cdb"
#define CDB_TMP "users/cdb.tmp"
#define OTHER "users/assign.cdb"        /* the table's name in s/qmail */
#define OTHER_TMP "users/assign.cdb.tmp"

enum { WRITE_BACK = 1 << 24 };
enum { LINE_LIMIT = 65536 };            /* a longer record could not be used */

char const *PROG = "qmail-newu";

static unsigned long line;
static int have_tmp;

/* The messages that other programs know have no room for a line number or a cure. Who reads a pipe gets
 * those alone; a terminal and a log file get the line and the cure before them. */
static int for_people(void)
{
	struct stat st;

	return fstat(2, &st) == 0 && !S_ISFIFO(st.st_mode);
}

static void explain(char const *what)
{
	char fmt[ULONG_FMT];

	if (!for_people())
		return;
	fmt[ulong_fmt(fmt, line)] = 0;
	strerr_warnw(ASSIGN, " line ", fmt, ": ", what);
}

/* Before every exit that is no success: the name is free for the next one of us. */
static void clean_up(void)
{
	if (have_tmp)
		unlink(CDB_TMP);
}

static void bad_format(char const *what)
{
	clean_up();
	explain(what);
	strerr_dief(111, "bad format in ", ASSIGN);
}

static void cannot_write(void)
{
	int e = errno;

	clean_up();
	errno = e;
	if (for_people())
		strerr_warnwusys("write ", CDB_TMP);
	strerr_dief(111, "unable to write ", CDB_TMP);
}

static void no_memory(void)
{
	clean_up();
	strerr_dief(111, "out of memory");
}

/* ---- the new table */

/* A large table goes to the disk while it is made, not when all of it waits for that. */
static void put(struct cdb_make *c, stralloc const *key, stralloc const *data)
{
	static size_t waiting;

	waiting += key->len + data->len;
	if (waiting > WRITE_BACK) {
		if (!sync_start(c->cdb_fd))
			cannot_write();
		waiting = 0;
	}
	if (cdb_make_add(c, key->s, (unsigned int)key->len, data->s, (unsigned int)data->len) < 0)
		cannot_write();
}

static void wild_add(stralloc *wild, users_line const *l, stralloc const *key)
{
	char last = key->s[key->len - 1];

	if (l->sign != '+' || l->locallen == 0 || (wild->len && memchr(wild->s, last, wild->len)))
		return;
	if (!stralloc_catb(wild, &last, 1))
		no_memory();
}

/* ---- users/assign */

/* 1 and a line without its newline in *sa, or 0: nothing more. *ended tells whether there was one. */
static int line_get(buffer *b, stralloc *sa, int *ended)
{
	sa->len = 0;
	line++;
	*ended = skagetlnmaxsep(b, sa, LINE_LIMIT, "\n", 1) > 0;
	if (sa->len > LINE_LIMIT || (!*ended && errno == EMSGSIZE))
		bad_format("it is longer than a delivery can use; shorten it");
	if (*ended)
		return sa->len--, 1;
	return sa->len > 0;
}

static void convert(int fd, struct cdb_make *c)
{
	static char space[BUFFER_INSIZE];
	buffer b = BUFFER_INIT(&buffer_read, fd, space, sizeof space);
	stralloc sa = STRALLOC_ZERO;
	stralloc key = STRALLOC_ZERO;
	stralloc data = STRALLOC_ZERO;
	stralloc wild = STRALLOC_ZERO;
	int ended;

	while (errno = 0, line_get(&b, &sa, &ended)) {
		users_line l;
		users_line_status st = users_line_parse(&l, sa.s, sa.len);
		char const *doubt;

		if (st == USERS_LINE_END) {
			key.len = 0;
			put(c, &key, &wild);
			return;
		}
		if (!ended)
			break;
		if (st != USERS_LINE_OK)
			bad_format(users_line_problem(st));
		doubt = users_line_doubt(&l);
		if (doubt)
			explain(doubt);
		key.len = data.len = 0;
		if (!users_line_record(&l, &key, &data))
			no_memory();
		put(c, &key, &data);
		wild_add(&wild, &l, &key);
	}
	if (errno == ENOMEM)
		no_memory();
	if (errno && errno != EPIPE) {
		clean_up();
		strerr_dief(111, "unable to read ", ASSIGN);
	}
	bad_format("the file ends without a line that is a single dot; add one");
}

/* A link, so that both names are always the same table. Only where somebody uses the name. */
static void keep_other(void)
{
	if (access(OTHER, F_OK) < 0)
		return;
	if ((unlink(OTHER_TMP) < 0 && errno != ENOENT) || link(CDB, OTHER_TMP) < 0 || rename(OTHER_TMP, OTHER) < 0)
		strerr_diefusys(111, "link ", CDB, " to ", OTHER);
}

static int assign_open(void)
{
	int fd = open(ASSIGN, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		clean_up();
		strerr_dief(111, "unable to open ", ASSIGN);
	}
	return fd;
}

int main(void)
{
	struct cdb_make c;
	int in;
	int out;

	umask(033);
	if (!fds_sane(2))
		strerr_diefusys(111, "open descriptors 0 to 2");
	if (chdir(conf_home) < 0)
		strerr_dief(111, "unable to chdir");
	if (!sandbox_enter(SANDBOX_NEWU))
		strerr_diefusys(111, "enter the sandbox");
	in = assign_open();
	out = scratch_open(CDB_TMP);
	if (out < 0)
		strerr_dief(111, "unable to open ", CDB_TMP);
	have_tmp = 1;
	/* What another one of us waited with may be newer than what we opened first. */
	close(in);
	in = assign_open();
	if (cdb_make_start(&c, out) < 0)
		cannot_write();
	convert(in, &c);
	if (cdb_make_finish(&c) < 0 || !sync_file(out))
		cannot_write();
	if (rename(CDB_TMP, CDB) < 0) {
		clean_up();
		strerr_dief(111, "unable to move ", CDB_TMP, " to ", CDB);
	}
	keep_other();
	if (!sync_dir("users"))
		strerr_diefusys(111, "sync ", "users");
	return 0;
}
