/* SPDX-License-Identifier: ISC */

/* qmail-lspawn: starts a qmail-local, as the right user, for each delivery that qmail-send asks for.
 *
 * The only long-lived process that is root. It takes requests apart and keeps count of its children;
 * whatever depends on an address or a table is done in the child. */

#include <stdlib.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "base/conf.h"
#include "base/fds.h"
#include "deliver.h"
#include "proto/stay.h"
#include "recipient/powers.h"
#include "spawn/loop.h"

#define USAGE "qmail-lspawn defaultdelivery"

char const *PROG = "qmail-lspawn";

static char const *program;             /* $QMAILLOCAL */
static char const *defaultdelivery;

static pid_t start(loop_job const *job, char const **refusal)
{
	pid_t pid = fork();

	if (pid == 0)
		deliver_run(job, program, defaultdelivery);
	if (pid > 0)
		return pid;
	*refusal = "Zqmail-spawn unable to fork. (#4.3.0)\n";
	return 0;
}

int main(int argc, char const *const *argv)
{
	static loop_kind const kind = { .start = start, .feed = report_local_feed, .put = report_local_put,
		.linger = LOOP_LINGER };
	uid_t owner;

	if (!fds_sane(2))
		strerr_diefusys(111, "open descriptors 0 to 2");
	fds_cloexec_from(3);
	if (argc < 2)
		strerr_dieusage(100, USAGE);
	defaultdelivery = argv[1];
	program = getenv("QMAILLOCAL");
	if (program && !*program)
		program = 0;
	if (!conf_uid(CONF_QMAILQ, &owner))
		strerr_diefusys(111, "find user ", conf_username(CONF_QMAILQ));
	if (chdir(conf_home) < 0 || chdir("queue/mess") < 0)
		strerr_diefusys(111, "chdir to ", conf_home, "/queue/mess");
	/* Without it each question takes a process of its own. */
	(void)stay_open();
	powers_limit(0);
	return loop_run(&kind, owner);
}
