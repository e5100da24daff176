/* SPDX-License-Identifier: ISC */

#include "proto/getpw.h"

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/posixplz.h>

#include "base/child.h"
#include "base/conf.h"
#include "base/drop.h"
#include "base/io.h"
#include "proto/report.h"
#include "proto/stay.h"

enum
{
	ANSWER_MAX = 131072,            /* more than the longest argument, and so no answer of qmail-getpw */
	UNLOADED = 127,
};

typedef struct who { uid_t uid; gid_t gid; } who;

static void run(char const *local, int out, who const *as)
{
	char const *const argv[] = { "bin/qmail-getpw", local, 0 };

	/* The message is no business of qmail-getpw's, the report is. */
	if (open_read("/dev/null") < 0 || dup2(out, 1) < 0)
		_exit(REPORT_TEMP);
	stay_offer();
	if (as && !drop_to(as->uid, as->gid, &as->gid, 1))
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

int getpw_ask(stralloc *record, char const *local, int root)
{
	who as;
	pid_t pid;
	int status;
	int code;
	int p[2];

	if (stay_ask(record, local))
		return 0;
	if ((root && (!conf_uid(CONF_QMAILP, &as.uid) || !conf_gid(CONF_NOFILES, &as.gid))) || pipecoe(p) < 0)
		return REPORT_TEMP;
	pid = fork();
	if (pid < 0)
		return REPORT_TEMP;
	if (pid == 0) {
		close(0);
		run(local, p[1], root ? &as : 0);
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
