/* SPDX-License-Identifier: ISC */

/* qmail-checkpassword: starts a program as the one whose name and password come in on descriptor 3. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <skalibs/exec.h>
#include <skalibs/strerr.h>

#include "account.h"
#include "base/conf.h"
#include "base/fds.h"
#include "base/notes.h"
#include "base/text.h"
#include "proto/checkpassword.h"
#include "proto/poppasswd.h"
#include "secret.h"
#include "system.h"
#include "virtual.h"

char const *PROG = "qmail-checkpassword";

/* Large, and wiped before anybody else's program runs. */
static checkpassword_request asked;
static account who = ACCOUNT_ZERO;

static void read_request(void)
{
	switch (checkpassword_read(&asked, CHECKPASSWORD_FD)) {
	case CHECKPASSWORD_OK:
		return;
	case CHECKPASSWORD_TOO_LONG:
		_exit(CHECKPASSWORD_NO);
	case CHECKPASSWORD_BAD:
		strerr_dief(CHECKPASSWORD_MISUSE,
			"descriptor 3 did not give a name, a password and a timestamp, each with a NUL behind it");
	case CHECKPASSWORD_CLOSED:
		strerr_dief(CHECKPASSWORD_MISUSE, "descriptor 3 is not open; this is run by programs such as qmail-popup");
	case CHECKPASSWORD_ERROR:
		strerr_diefusys(CHECKPASSWORD_TEMP, "read descriptor 3");
	}
}

/* Where somebody reads what we say, and not the client. */
static int have_log(void)
{
	return notes_wanted() || isatty(2);
}

static void trouble(char const *source, char const *why)
{
	int e = errno;

	if (!have_log())
		return;
	errno = e;
	if (e)
		strerr_warnwsys(source, ": ", why);
	else
		strerr_warnw(source, ": ", why);
}

/* An account of ours hides one of the system's by the same name. One of the system's is never an address. */
static verdict judge(char const *client)
{
	char const *why = "";
	verdict v = (errno = 0, virtual_check(&who, conf_home, asked.name, asked.password, &why));

	if (v == VERDICT_TROUBLE)
		trouble(POPPASSWD_CDB, why);
	if (v != VERDICT_UNKNOWN)
		return v;
	if (strchr(asked.name, '@')) {
		secret_waste(asked.password);
		return VERDICT_UNKNOWN;
	}
	v = (errno = 0, system_check(&who, asked.name, asked.password, client, &why));
	if (v == VERDICT_TROUBLE)
		trouble("accounts of the system", why);
	return v;
}

/* For the log, and for whoever counts such lines. */
static void tell_refusal(char const *client)
{
	stralloc sa = STRALLOC_ZERO;

	if (have_log() && text_safe(&sa, asked.name, strlen(asked.name)) && stralloc_cats(&sa, " from ")
		&& text_safe(&sa, client ? client : "unknown", strlen(client ? client : "unknown")) && stralloc_0(&sa))
		strerr_warnw("refused ", sa.s);
}

static int add_variable(stralloc *sa, char const *name, stralloc const *value)
{
	return stralloc_cats(sa, name) && stralloc_cat(sa, value);
}

static void become(char const *const *argv)
{
	stralloc more = STRALLOC_ZERO;
	char const *what;

	if (!add_variable(&more, "USER=", &who.name) || !add_variable(&more, "HOME=", &who.home)
		|| !add_variable(&more, "SHELL=", &who.shell))
		strerr_dief(CHECKPASSWORD_TEMP, "out of memory");
	if (!account_become(&who, &what))
		strerr_diefusys(CHECKPASSWORD_TEMP, what, who.name.s, ", ", who.home.s);
	mexec_m(argv, more.s, more.len);
	strerr_diefusys(CHECKPASSWORD_TEMP, "run ", argv[0]);
}

int main(int argc, char const *const *argv)
{
	char const *client = getenv("TCPREMOTEIP");
	verdict v;

	if (!fds_sane(2))
		return CHECKPASSWORD_TEMP;
	if (argc < 2)
		strerr_dieusage(CHECKPASSWORD_MISUSE, "qmail-checkpassword program [argument...]");
	fds_cloexec_from(CHECKPASSWORD_FD);
	(void)prctl(PR_SET_DUMPABLE, 0);
	read_request();
	close(CHECKPASSWORD_FD);
	v = judge(client);
	if (v == VERDICT_NO || v == VERDICT_UNKNOWN)
		tell_refusal(client);
	checkpassword_wipe(&asked);
	if (v == VERDICT_YES)
		become(argv + 1);
	return v == VERDICT_TROUBLE ? CHECKPASSWORD_TEMP : CHECKPASSWORD_NO;
}
