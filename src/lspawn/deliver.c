/* SPDX-License-Identifier: ISC */

#include "deliver.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/exec.h>
#include <skalibs/posixplz.h>
#include <skalibs/sig.h>

#include "base/conf.h"
#include "base/drop.h"
#include "base/errtemp.h"
#include "base/io.h"
#include "base/raise.h"
#include "base/text.h"
#include "proto/report.h"
#include "proto/users.h"
#include "recipient/identify.h"
#include "recipient/lastresort.h"
#include "recipient/mailbox.h"

/* A mistake in a table of the administrator's: the mail waits, and the log says what to mend. */
static void complain(char const *source, users_record const *r, char const *what)
{
	stralloc sa = STRALLOC_ZERO;

	if (!stralloc_cats(&sa, source) || !stralloc_cats(&sa, " gives user ")
		|| !text_safe(&sa, r->user, strlen(r->user)) || !stralloc_cats(&sa, what)
		|| !stralloc_cats(&sa, source == identify_cdb ? " Correct users/assign, then run qmail-newu." : " Correct it.")
		|| !stralloc_cats(&sa, " (#4.3.5)\n"))
		_exit(REPORT_NOMEM);
	(void)io_writeall(1, sa.s, sa.len);
	_exit(111);
}

static void check(users_record_status st, users_record const *r, char const *source)
{
	switch (st) {
	case USERS_RECORD_OK:
		return;
	case USERS_RECORD_ROOT:
		_exit(REPORT_ROOT);
	case USERS_RECORD_ID:
		complain(source, r, " a uid or gid that is not a number or too large.");
		break;
	case USERS_RECORD_HOME:
		complain(source, r, " a home directory that does not start with a slash.");
		break;
	case USERS_RECORD_DAMAGED:
		break;
	}
	_exit(REPORT_BUG);
}

/* Nobody knows whether the address is alias': if qmail-local found no file for it now, it would bounce. */
static _Noreturn void postpone(users_record const *r)
{
	stralloc sa = STRALLOC_ZERO;

	if (!stralloc_cats(&sa, "Unable to see now whether ") || !text_safe(&sa, r->home, strlen(r->home))
		|| !stralloc_cats(&sa, " has instructions for this address, or alias is to get it. If it stays so, see whether"
			" that home is missing, sticky or writable by others. (#4.3.0)\n"))
		_exit(REPORT_NOMEM);
	(void)io_writeall(1, sa.s, sa.len);
	_exit(111);
}

/* Where the alias user's files are the last resort (off by default): whether they are this address's. */
static int is_left_to_alias(users_record const *r)
{
	int wanted = *r->dash ? lastresort_wanted() : 0;

	if (wanted < 0)
		_exit(REPORT_TEMP);
	if (!wanted)
		return 0;
	switch (mailbox_ask(r, 0)) {
	case MAILBOX_NONE:
		return 1;
	case MAILBOX_THERE:
	case MAILBOX_WAITS:
		return 0;
	case MAILBOX_UNKNOWN:
		break;
	}
	postpone(r);
}

/* The record of the user who gets it; *r points into *record. */
static void find_user(users_record *r, stralloc *record, char const *local)
{
	char const *source = 0;
	int code = identify_user(record, local, 1, &source);

	if (code)
		_exit(code);
	check(users_record_parse(r, record->s, record->len), r, source);
	if (!is_left_to_alias(r))
		return;
	code = lastresort_user(record, local, 1, &source);
	if (code)
		_exit(code);
	check(users_record_parse(r, record->s, record->len), r, source);
}

static void take_descriptors(loop_job const *job)
{
	if (dup2(job->message, 0) < 0 || dup2(job->output, 1) < 0 || dup2(job->output, 2) < 0)
		_exit(REPORT_TEMP);
	sig_restore(SIGPIPE);
	sig_blocknone();
}

void deliver_run(loop_job const *job, char const *program, char const *defaultdelivery)
{
	char const *const host = job->recipient + job->at + 1;
	stralloc local = STRALLOC_ZERO;
	stralloc record = STRALLOC_ZERO;
	users_record r = { .user = "" };

	take_descriptors(job);
	if (chdir(conf_home) < 0)
		_exit(REPORT_TEMP);
	if (!stralloc_catb(&local, job->recipient, job->at) || !stralloc_0(&local))
		_exit(REPORT_NOMEM);
	find_user(&r, &record, local.s);
	if (!drop_to(r.uid, r.gid, &r.gid, 1))
		_exit(REPORT_TEMP);
	if (getuid() == 0)
		_exit(REPORT_ROOT);
	raise_undo();
	{
		char const *const argv[] = { program ? program : "bin/qmail-local", "--", r.user, r.home, local.s, r.dash,
			r.ext, host, job->sender, defaultdelivery, 0 };

		if (program)
			exec_a(program, argv);
		else
			execve(argv[0], (char *const *)argv, environ);
	}
	_exit(errtemp_exec(errno) ? REPORT_EXEC_TEMP : REPORT_EXEC_PERM);
}
