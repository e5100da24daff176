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
#include <skalibs/types.h>

#include "base/child.h"
#include "base/conf.h"
#include "base/control.h"
#include "base/errtemp.h"
#include "base/fds.h"
#include "base/moment.h"
#include "base/samefile.h"
#include "base/sandbox.h"
#include "company.h"
#include "keep.h"
#include "place.h"
#include "program.h"
#include "proto/kept.h"
#include "proto/tcpto.h"
#include "spawn/loop.h"

char const *PROG = "qmail-rspawn";

static char const *remote;              /* $QMAILREMOTE */
static char const *path;
static stralloc program = STRALLOC_ZERO;
static stralloc bin_remote = STRALLOC_ZERO;     /* our own qmail-remote */
static stralloc control_recipients = STRALLOC_ZERO;
static stralloc control_keep = STRALLOC_ZERO;
static stralloc control_routes = STRALLOC_ZERO;
static stralloc control_identities = STRALLOC_ZERO;
static stralloc place = STRALLOC_ZERO;

enum { STAY_SECONDS = 2 };

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
static int is_ours(struct stat *found)
{
	struct stat ours;

	return !remote && find() && stat(program.s, found) == 0 && stat(bin_remote.s, &ours) == 0
		&& samefile_is(found, &ours);
}

/* Of the clock that nobody sets. */
static uint64_t seconds(void)
{
	return (uint64_t)moment_now(CLOCK_MONOTONIC) / 1000;
}

/* The environment with the word for whoever may stay so many seconds. */
static char *const *staying(unsigned int n)
{
	static char const name[] = "QMAILREMOTEKEEP=";
	static char word[sizeof name + UINT_FMT];
	static char **env;
	size_t i = 0;

	memcpy(word, name, sizeof name);
	word[sizeof name - 1 + uint_fmt(word + sizeof name - 1, n)] = 0;
	if (env)
		return env;
	while (environ[i])
		i++;
	env = calloc(i + 2, sizeof *env);
	if (!env)
		return environ;
	env[0] = word;
	memcpy(env + 1, environ, (i + 1) * sizeof *env);
	return env;
}

static pid_t start_new(loop_job const *job, int end, unsigned int stay)
{
	enum { HOST = 1, SENDER, RECIPIENTS };
	static char *argv[RECIPIENTS + LOOP_COMPANY + 1];
	child_fd const fds[] = { { job->message, 0 }, { job->output, 1 }, { job->output, 2 }, { end, KEPT_FD } };

	argv[0] = (char *)(remote ? remote : "qmail-remote");
	argv[HOST] = (char *)(job->recipient + job->at + 1);
	argv[SENDER] = (char *)job->sender;
	memcpy(argv + RECIPIENTS, job->recipients, (job->n + 1) * sizeof *argv);
	return find() ? child_start(program.s, argv, end < 0 ? environ : staying(stay), 0, fds, end < 0 ? 3 : 4) : 0;
}

/* How long a program may stay: seconds, 0 if it may not. */
static unsigned int stay_seconds(void)
{
	unsigned int n = STAY_SECONDS;

	return control_readint(&n, control_keep.s) >= CONTROL_ABSENT ? n : 0;
}

static pid_t start(loop_job const *job, char const **refusal)
{
	place_files const files = { .routes = control_routes.s, .identities = control_identities.s };
	struct stat st;
	unsigned int stay = is_ours(&st) ? stay_seconds() : 0;
	int placed = stay && place_find(&place, &files, job->recipient + job->at + 1, job->sender);
	int end = -1;
	pid_t pid = placed && !job->fresh ? keep_take(job, place.s, &st, seconds()) : 0;

	if (pid)
		return *job->reused = 1, pid;
	if (placed)
		end = keep_offer(place.s, seconds());
	pid = start_new(job, end, stay);
	if (!pid)
		*refusal = refusal_of(errno);
	if (end >= 0) {
		keep_started(pid, place.s, &st);
		close(end);
	}
	return pid;
}

static size_t most(char const *host)
{
	struct stat st;

	return company_most(control_recipients.s, is_ours(&st), host, seconds());
}

static void strained(char const *host)
{
	company_strained(host, seconds());
}

static int name_file(stralloc *sa, char const *name)
{
	return stralloc_cats(sa, conf_home) && stralloc_cats(sa, name) && stralloc_0(sa);
}

static int name_files(void)
{
	return name_file(&bin_remote, "/bin/qmail-remote") && name_file(&control_recipients, "/control/remoterecipients")
		&& name_file(&control_keep, "/control/remotekeep") && name_file(&control_routes, "/control/smtproutes")
		&& name_file(&control_identities, "/control/domainips");
}

int main(void)
{
	static loop_company const company = { .most = most, .strained = strained, .stays = keep_stays, .gone = keep_gone };
	static loop_kind const kind = { .start = start, .feed = report_remote_feed, .put = report_remote_put,
		.linger = LOOP_LINGER, .company = &company };
	struct stat st;
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
	if (is_ours(&st) && !sandbox_enter(SANDBOX_RSPAWN))
		strerr_diefusys(111, "enter the sandbox");
	/* Nobody knows how old the table is. Without one qmail-remote tries every host. */
	(void)tcpto_clear("queue/lock/tcpto");
	if (chdir("queue/mess") < 0)
		strerr_diefusys(111, "chdir to ", conf_home, "/queue/mess");
	return loop_run(&kind, owner);
}
