/* SPDX-License-Identifier: ISC */

/* qmail-rspawn: starts a qmail-remote for each delivery that qmail-send asks for. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/posixplz.h>
#include <skalibs/strerr.h>

#include "base/child.h"
#include "base/conf.h"
#include "base/errtemp.h"
#include "base/fds.h"
#include "base/sandbox.h"
#include "company.h"
#include "program.h"
#include "proto/tcpto.h"
#include "spawn/loop.h"

char const *PROG = "qmail-rspawn";

static char const *remote;              /* $QMAILREMOTE */
static char const *path;
static stralloc program = STRALLOC_ZERO;
static stralloc bin_remote = STRALLOC_ZERO;     /* our own qmail-remote */
static stralloc control_recipients = STRALLOC_ZERO;

static char const *refusal_of(int e)
{
	if (e == EAGAIN || e == ENOMEM)
		return "Zqmail-spawn unable to fork. (#4.3.0)\n";
	return errtemp_exec(e) ? "ZUnable to run qmail-remote.\n" : "DUnable to run qmail-remote.\n";
}

/* Through PATH, as ever. Where PATH knows no qmail-remote at all, our own is better than a bounce. */
static int find(void)
{
	if (remote)
		return program_find(&program, remote, path);
	if (program_find(&program, "qmail-remote", path))
		return 1;
	if (errno != ENOENT)
		return 0;
	return stralloc_copy(&program, &bin_remote);
}

/* Whether deliveries are made by our own qmail-remote, which can live with what it inherits from us. Another
 * program, or a script that stands before it, shall find what it always found. */
static int is_ours(void)
{
	struct stat found;
	struct stat ours;

	return !remote && find() && stat(program.s, &found) == 0 && stat(bin_remote.s, &ours) == 0
		&& found.st_dev == ours.st_dev && found.st_ino == ours.st_ino;
}

static pid_t start(loop_job const *job, char const **refusal)
{
	enum { HOST = 1, SENDER, RECIPIENTS };
	static char *argv[RECIPIENTS + LOOP_MOST + 1];
	child_fd const fds[] = { { job->message, 0 }, { job->output, 1 }, { job->output, 2 } };
	pid_t pid = 0;

	argv[0] = (char *)(remote ? remote : "qmail-remote");
	argv[HOST] = (char *)(job->recipient + job->at + 1);
	argv[SENDER] = (char *)job->sender;
	memcpy(argv + RECIPIENTS, job->recipients, (job->n + 1) * sizeof *argv);
	if (find())
		pid = child_start(program.s, argv, environ, 0, fds, 3);
	if (!pid)
		*refusal = refusal_of(errno);
	return pid;
}

/* Of the clock that nobody sets. */
static uint64_t seconds(void)
{
	struct timespec ts;

	return clock_gettime(CLOCK_MONOTONIC, &ts) == 0 ? (uint64_t)ts.tv_sec : 0;
}

static size_t most(char const *host)
{
	return company_most(control_recipients.s, is_ours(), host, seconds());
}

static void strained(char const *host)
{
	company_strained(host, seconds());
}

static int name_files(void)
{
	return stralloc_cats(&bin_remote, conf_home) && stralloc_cats(&bin_remote, "/bin/qmail-remote")
		&& stralloc_0(&bin_remote) && stralloc_cats(&control_recipients, conf_home)
		&& stralloc_cats(&control_recipients, "/control/remoterecipients") && stralloc_0(&control_recipients);
}

int main(void)
{
	static loop_company const company = { .most = most, .strained = strained };
	static loop_kind const kind = { .start = start, .feed = report_remote_feed, .put = report_remote_put,
		.linger = LOOP_LINGER, .company = &company };
	uid_t owner;

	if (!fds_sane(2))
		strerr_diefusys(111, "open descriptors 0 to 2");
	fds_cloexec_from(3);
	remote = getenv("QMAILREMOTE");
	if (remote && !*remote)
		remote = 0;
	path = getenv("PATH");
	if (!path)
		path = "/usr/bin:/bin";
	if (!name_files())
		strerr_dief(111, "out of memory");
	if (!conf_uid(CONF_QMAILQ, &owner))
		strerr_diefusys(111, "find user ", conf_username(CONF_QMAILQ));
	if (chdir(conf_home) < 0)
		strerr_diefusys(111, "chdir to ", conf_home);
	if (is_ours() && !sandbox_enter(SANDBOX_RSPAWN))
		strerr_diefusys(111, "enter the sandbox");
	/* Nobody knows how old the table is. Without one qmail-remote tries every host. */
	(void)tcpto_clear("queue/lock/tcpto");
	if (chdir("queue/mess") < 0)
		strerr_diefusys(111, "chdir to ", conf_home, "/queue/mess");
	return loop_run(&kind, owner);
}
