/* SPDX-License-Identifier: ISC */

/* qmail-popup: asks a POP3 client who it is, and has another program look after the rest. */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/sig.h>
#include <skalibs/types.h>

#include "base/fds.h"
#include "base/guard.h"
#include "base/io.h"
#include "base/notes.h"
#include "check.h"
#include "net/conn.h"
#include "proto/checkpassword.h"
#include "session.h"

char const *PROG = "qmail-popup";

enum { EXIT_TROUBLE = 1, TIMEOUT_SECONDS = 1200 };

static conn client;

static int say(char const *text)
{
	conn_within(&client, TIMEOUT_SECONDS);
	conn_puts(&client, text);
	conn_puts(&client, "\r\n");
	conn_flush(&client);
	return EXIT_TROUBLE;
}

/* The code after a session with which all is well: what runs qmail-popup has learned to expect 1, which is what it
 * has always been, unless the admin has asked for news. */
static int code_of_success(session const *s)
{
	return s->methods.capa ? 0 : EXIT_TROUBLE;
}

/* Unique on this host, for ever: what APOP's digest is made with. */
static int make_challenge(stralloc *sa, char const *host)
{
	char pid[PID_FMT];
	char now[UINT64_FMT];

	return stralloc_cats(sa, "<") && stralloc_catb(sa, pid, pid_fmt(pid, getpid())) && stralloc_cats(sa, ".")
		&& stralloc_catb(sa, now, uint64_fmt(now, (uint64_t)time(0))) && stralloc_cats(sa, "@")
		&& stralloc_cats(sa, host) && stralloc_cats(sa, ">") && stralloc_0(sa);
}

static char const *complaint(check_status status)
{
	switch (status) {
	case CHECK_FAILED:
		return "-ERR authorization failed";
	case CHECK_CRASHED:
		return "-ERR aack, child crashed";
	case CHECK_NO_PIPE:
		return "-ERR unable to open pipe";
	case CHECK_NO_PROCESS:
		return "-ERR unable to fork";
	case CHECK_NOT_WRITTEN:
		return "-ERR unable to write pipe";
	case CHECK_DONE:
		break;
	}
	return 0;
}

/* Runs once per connection; what holds no secret is left to the exit. */
int main(int argc, char const *const *argv)
{
	session s = SESSION_ZERO;
	stralloc challenge = STRALLOC_ZERO;
	stralloc request = STRALLOC_ZERO;
	char const *text;
	int made;

	if (!fds_sane(2))
		return EXIT_TROUBLE;
	fds_cloexec_from(3);
	sig_ignore(SIGPIPE);
	/* inherited as ignored it would keep us from learning how the program ended */
	sig_restore(SIGCHLD);
	(void)prctl(PR_SET_DUMPABLE, 0);
	guard_set();
	io_start();
	conn_open(&client, 0, 1, TIMEOUT_SECONDS);
	if (argc < 3)
		return say("-ERR usage: popup hostname subprogram");
	if (!make_challenge(&challenge, argv[1]))
		return say("-ERR out of memory");

	s.conn = &client;
	s.challenge = challenge.s;
	session_choose(&s.methods, getenv("POP3AUTH"));
	if (session_run(&s) != SESSION_CREDENTIALS)
		return code_of_success(&s);
	made = checkpassword_put(&request, &s.name, &s.secret, s.challenge);
	session_wipe(&s);
	if (!made)
		return say("-ERR out of memory");
	text = complaint(check_run(argv + 2, &request, notes_wanted()));
	return text ? say(text) : code_of_success(&s);
}
