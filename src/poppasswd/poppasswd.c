/* SPDX-License-Identifier: ISC */

/* qmail-poppasswd: sets a password in users/poppasswd, and makes users/poppasswd.cdb of it.
 *
 * Both files are complete and on disk before they take the names of the old ones, so qmail-checkpassword
 * sees the old table or the new one, whatever happens. Of several that run at once each waits for the one
 * before it. */

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/sgetopt.h>
#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include "base/conf.h"
#include "base/fds.h"
#include "base/io.h"
#include "base/sync.h"
#include "password.h"
#include "proto/poppasswd.h"
#include "table.h"

#define TEXT_TMP POPPASSWD_TEXT ".tmp"
#define CDB_TMP POPPASSWD_CDB ".tmp"
#define USAGE "qmail-poppasswd [-e] name [account home [start]] | -d name | -c"

enum { EXIT_MISUSE = 100, EXIT_TEMP = 111 };

char const *PROG = "qmail-poppasswd";

/* ---- what is wanted */

typedef struct wish
{
	table_action action;
	poppasswd_line line;
	int hashed;             /* standard input holds the hash, not the password */
} wish;

static void usage(void)
{
	strerr_dieusage(EXIT_MISUSE, USAGE);
}

static void set_field(wish *w, poppasswd_field f, char const *s)
{
	if (f != POPPASSWD_HASH && strchr(s, ':'))
		strerr_dief(EXIT_MISUSE, "there must be no colon in ", s);
	w->line.field[f] = s;
	w->line.len[f] = strlen(s);
}

static char *number(unsigned int n)
{
	char *s = malloc(UINT_FMT);

	if (!s)
		strerr_dief(EXIT_TEMP, "out of memory");
	s[uint_fmt(s, n)] = 0;
	return s;
}

/* The name of an account of the system, or uid:gid. */
static void set_owner(wish *w, char const *owner)
{
	struct passwd const *pw = (errno = 0, getpwnam(owner));
	unsigned int uid;
	unsigned int gid;
	size_t n = uint_scan(owner, &uid);

	if (!pw && n > 0 && owner[n] == ':' && uint0_scan(owner + n + 1, &gid)) {
		set_field(w, POPPASSWD_UID, number(uid));
		set_field(w, POPPASSWD_GID, number(gid));
		return;
	}
	if (!pw && errno)
		strerr_warnwusys("look up ", owner);
	if (!pw)
		strerr_dief(EXIT_MISUSE, "there is no account called ", owner, ", and it is not uid:gid");
	set_field(w, POPPASSWD_UID, number(pw->pw_uid));
	set_field(w, POPPASSWD_GID, number(pw->pw_gid));
}

static void read_arguments(wish *w, int argc, char const *const *argv)
{
	subgetopt l = SUBGETOPT_ZERO;
	int option;

	w->action = TABLE_PUT;
	while ((option = subgetopt_r(argc, argv, "cde", &l)) >= 0)
		if (option == 'c')
			w->action = TABLE_KEEP;
		else if (option == 'd')
			w->action = TABLE_REMOVE;
		else if (option == 'e')
			w->hashed = 1;
		else
			usage();
	argv += l.ind;
	argc -= l.ind;
	if (w->action == TABLE_PUT && argc == 1)
		w->action = TABLE_REPASSWORD;
	if (w->action == TABLE_KEEP ? argc != 0 : w->action == TABLE_PUT ? argc < 3 || argc > 4 : argc != 1)
		usage();
	if (argc > 0)
		set_field(w, POPPASSWD_NAME, argv[0]);
	if (argc < 3)
		return;
	set_owner(w, argv[1]);
	set_field(w, POPPASSWD_HOME, argv[2]);
	set_field(w, POPPASSWD_START, argc > 3 ? argv[3] : "");
}

/* ---- the password */

static char const *complaint(password_status status)
{
	switch (status) {
	case PASSWORD_EMPTY:
		return "standard input gave no password";
	case PASSWORD_TOO_LONG:
		return "the password is longer than 255 bytes";
	case PASSWORD_NUL:
		return "there is a NUL in the password";
	default:
		return 0;
	}
}

static void read_password(wish *w)
{
	static password p;
	password_status status = password_read(&p, 0);
	char *hash;

	if (status == PASSWORD_ERROR)
		strerr_diefusys(EXIT_TEMP, "read standard input");
	if (status != PASSWORD_OK)
		strerr_dief(EXIT_MISUSE, complaint(status));
	if (w->hashed) {
		if (strchr(p.text, ':'))
			strerr_dief(EXIT_MISUSE, "there must be no colon in a hash");
		set_field(w, POPPASSWD_HASH, p.text);
		return;
	}
	hash = password_hash(&p);
	explicit_bzero(&p, sizeof p);
	if (!hash)
		strerr_diefusys(EXIT_TEMP, "hash the password");
	set_field(w, POPPASSWD_HASH, hash);
}

/* The line must be one that can be read again. */
static void check_line(wish const *w)
{
	stralloc sa = STRALLOC_ZERO;
	poppasswd_line l;
	char const *problem;

	if (w->action != TABLE_PUT)
		return;
	if (!poppasswd_format(&sa, &w->line))
		strerr_dief(EXIT_TEMP, "out of memory");
	if (poppasswd_parse(&l, sa.s, sa.len - 1, &problem) != POPPASSWD_ACCOUNT)
		strerr_dief(EXIT_MISUSE, problem ? problem : "the name must not begin with #");
	stralloc_free(&sa);
}

/* ---- the files */

static void check_table(table_status status, table_fault const *fault, wish const *w)
{
	char line[ULONG_FMT];

	line[ulong_fmt(line, fault->line)] = 0;
	switch (status) {
	case TABLE_OK:
		return;
	case TABLE_ABSENT:
		strerr_dief(EXIT_MISUSE, "there is no ", w->line.field[POPPASSWD_NAME], " in ", POPPASSWD_TEXT,
			w->action == TABLE_REMOVE ? "" : "; a new one needs an account and a home directory, too");
	case TABLE_BAD:
		strerr_dief(EXIT_TEMP, POPPASSWD_TEXT, " line ", line, ": ", fault->problem, "; nothing was changed");
	case TABLE_TWICE:
		strerr_dief(EXIT_TEMP, POPPASSWD_TEXT, " line ", line,
			": this name has a line further up; remove one of them; nothing was changed");
	case TABLE_NOMEM:
		strerr_dief(EXIT_TEMP, "out of memory");
	case TABLE_ERROR:
		strerr_diefusys(EXIT_TEMP, "write ", CDB_TMP);
	}
}

static int lock_directory(void)
{
	int fd = open("users", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		strerr_diefusys(EXIT_TEMP, "lock ", conf_home, "/users");
	return fd;
}

static void read_text(stralloc *sa)
{
	if (!openslurpclose(sa, POPPASSWD_TEXT) && errno != ENOENT)
		strerr_diefusys(EXIT_TEMP, "read ", POPPASSWD_TEXT);
}

/* Whoever gets at a file of ours from a run that was cut short gets no new hash. */
static int create(char const *file)
{
	int fd;

	if (unlink(file) < 0 && errno != ENOENT)
		strerr_diefusys(EXIT_TEMP, "remove ", file);
	fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		strerr_diefusys(EXIT_TEMP, "create ", file);
	return fd;
}

static void finish(int fd, char const *file)
{
	if (!sync_file(fd) || close(fd) < 0)
		strerr_diefusys(EXIT_TEMP, "write ", file);
}

static void rename_or_die(char const *from, char const *to)
{
	if (rename(from, to) < 0)
		strerr_diefusys(EXIT_TEMP, "rename ", from, " to ", to);
}

/* The text first: it is what a table that was not made can be made of. */
static void write_files(stralloc const *text, wish const *w)
{
	table_fault fault = { 0, "" };
	int t = create(TEXT_TMP);
	int c = create(CDB_TMP);

	if (!io_writeall(t, text->s, text->len))
		strerr_diefusys(EXIT_TEMP, "write ", TEXT_TMP);
	check_table(table_compile(c, text->s, text->len, &fault), &fault, w);
	if (!sync_start(t))
		strerr_diefusys(EXIT_TEMP, "write ", TEXT_TMP);
	finish(c, CDB_TMP);
	finish(t, TEXT_TMP);
	rename_or_die(TEXT_TMP, POPPASSWD_TEXT);
	rename_or_die(CDB_TMP, POPPASSWD_CDB);
	if (!sync_dir("users"))
		strerr_diefusys(EXIT_TEMP, "sync ", conf_home, "/users");
}

static void remark(wish const *w)
{
	struct stat st;

	if (w->action == TABLE_PUT && (stat(w->line.field[POPPASSWD_HOME], &st) < 0 || !S_ISDIR(st.st_mode)))
		strerr_warnw("there is no directory ", w->line.field[POPPASSWD_HOME], " yet; without one nobody can log in");
}

int main(int argc, char const *const *argv)
{
	wish w = { .hashed = 0 };
	table_fault fault = { 0, "" };
	stralloc before = STRALLOC_ZERO;
	stralloc after = STRALLOC_ZERO;

	umask(077);
	if (!fds_sane(2))
		strerr_diefusys(EXIT_TEMP, "open descriptors 0 to 2");
	read_arguments(&w, argc, argv);
	if (chdir(conf_home) < 0)
		strerr_diefusys(EXIT_TEMP, "chdir to ", conf_home);
	if (w.action == TABLE_PUT || w.action == TABLE_REPASSWORD)
		read_password(&w);
	check_line(&w);
	lock_directory();
	read_text(&before);
	check_table(table_edit(&after, before.s, before.len, w.action, &w.line, &fault), &fault, &w);
	write_files(&after, &w);
	remark(&w);
	return 0;
}
