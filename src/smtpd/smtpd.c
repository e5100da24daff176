/* SPDX-License-Identifier: ISC */

#include <signal.h>
#include <unistd.h>

#include <skalibs/sig.h>

#include "base/conf.h"
#include "base/fds.h"
#include "base/guard.h"
#include "base/io.h"
#include "base/notes.h"
#include "net/client.h"
#include "net/conn.h"
#include "policy.h"
#include "session.h"

char const *PROG = "qmail-smtpd";

enum { EXIT_BROKEN = 1, FAREWELL_SECONDS = 1200 };

static conn client;

static int refuse(char const *text)
{
	conn_within(&client, FAREWELL_SECONDS);
	conn_puts(&client, text);
	conn_flush(&client);
	return EXIT_BROKEN;
}

/* Runs once per connection; what it allocates is left to the exit. */
int main(void)
{
	policy p = POLICY_ZERO;
	session s = SESSION_ZERO;
	int loaded;
	int code;

	if (!fds_sane(2))
		return EXIT_BROKEN;
	fds_cloexec_from(3);
	sig_ignore(SIGPIPE);
	guard_set();
	io_start();
	conn_open(&client, 0, 1, FAREWELL_SECONDS);
	if (chdir(conf_home) < 0)
		return refuse("421 unable to read controls (#4.3.0)\r\n");
	loaded = policy_load(&p);
	notes_log(&p.notes);
	if (!loaded)
		return refuse("421 unable to read controls (#4.3.0)\r\n");

	client.timeout = p.timeout;
	s.conn = &client;
	s.policy = &p;
	s.checks.wanted = 1;
	client_known(&s.client, "SMTP");
	code = session_run(&s);
	notes_log(&p.notes);
	return code;
}
