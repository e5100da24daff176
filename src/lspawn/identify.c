/* SPDX-License-Identifier: ISC */

#include "identify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cdb.h>
#include <skalibs/djbunix.h>
#include <skalibs/posixplz.h>

#include "base/child.h"
#include "base/conf.h"
#include "base/drop.h"
#include "base/io.h"
#include "proto/report.h"
#include "route/assign.h"

enum
{
	ANSWER_MAX = 131072,            /* more than the longest argument, and so no answer of qmail-getpw */
	UNLOADED = 127,
};

char const identify_cdb[] = "users/cdb";
char const identify_passwd[] = "the password file";

/* ---- users/cdb */

static int cdb_open(void)
{
	int fd = open("users/cdb", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		fd = open("users/assign.cdb", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd;
}

/* 0 found, an exit code, or -1: the table has no answer or there is no table. */
static int by_cdb(stralloc *record, char const *local)
{
	struct cdb c;
	assign_status st;
	int fd = cdb_open();

	if (fd < 0)
		return errno == ENOENT ? -1 : REPORT_CDB;
	if (cdb_init(&c, fd) < 0) {
		close(fd);
		return REPORT_CDB;
	}
	st = assign_lookup(assign_cdb, &c, local, strlen(local), record);
	cdb_free(&c);
	close(fd);
	switch (st) {
	case ASSIGN_FOUND:
		return 0;
	case ASSIGN_NONE:
		return -1;
	case ASSIGN_NOMEM:
		return REPORT_NOMEM;
	case ASSIGN_DAMAGED:
		break;
	}
	return REPORT_CDB;
}

/* ---- qmail-getpw */

static void getpw_run(char const *local, int out, uid_t uid, gid_t gid)
{
	char const *const argv[] = { "bin/qmail-getpw", local, 0 };

	/* The message is no business of qmail-getpw's, the report is. */
	if (open_read("/dev/null") < 0 || dup2(out, 1) < 0)
		_exit(REPORT_TEMP);
	if (!drop_to(uid, gid, &gid, 1))
		_exit(REPORT_TEMP);
	execve(argv[0], (char *const *)argv, environ);
	_exit(REPORT_EXEC_GETPW);
}

static int answer_read(stralloc *record, int fd)
{
	char buf[1024];
	ssize_t r;

	record->len = 0;
	while ((r = io_read(fd, buf, sizeof buf, 0)) > 0) {
		if (record->len > ANSWER_MAX)
			return REPORT_TEMP;
		if (!stralloc_catb(record, buf, (size_t)r))
			return REPORT_NOMEM;
	}
	return r < 0 ? REPORT_TEMP : 0;
}

static int by_getpw(stralloc *record, char const *local)
{
	uid_t uid;
	gid_t gid;
	pid_t pid;
	int status;
	int code;
	int p[2];

	if (!conf_uid(CONF_QMAILP, &uid) || !conf_gid(CONF_NOFILES, &gid) || pipecoe(p) < 0)
		return REPORT_TEMP;
	pid = fork();
	if (pid < 0)
		return REPORT_TEMP;
	if (pid == 0) {
		close(0);
		getpw_run(local, p[1], uid, gid);
	}
	close(p[1]);
	code = answer_read(record, p[0]);
	close(p[0]);
	if (!child_wait(pid, &status) || !WIFEXITED(status))
		return REPORT_TEMP;
	/* The dynamic loader's code: not one of qmail-getpw's. */
	if (WEXITSTATUS(status) == UNLOADED)
		return REPORT_EXEC_GETPW;
	return WEXITSTATUS(status) ? WEXITSTATUS(status) : code;
}

int identify_user(stralloc *record, char const *local, char const **source)
{
	int r = by_cdb(record, local);

	*source = identify_cdb;
	if (r >= 0)
		return r;
	*source = identify_passwd;
	return by_getpw(record, local);
}
