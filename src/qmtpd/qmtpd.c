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

char const *PROG = "qmail-qmtpd";

static conn client;
static session here;

/* Runs once per connection; what it allocates is left to the exit. */
int main(void)
{
	static policy p = POLICY_ZERO;
	int loaded;
	session_end end;

	if (!fds_sane(2))
		return SESSION_TROUBLE;
	fds_cloexec_from(3);
	sig_ignore(SIGPIPE);
	guard_set();
	io_start();
	if (chdir(conf_home) < 0)
		return SESSION_TROUBLE;
	loaded = policy_load(&p);
	notes_log(&p.notes);
	if (!loaded)
		return SESSION_TROUBLE;
	conn_open(&client, 0, 1, SESSION_SECONDS);
	here.conn = &client;
	here.policy = &p;
	client_known(&here.client, "QMTP");
	end = session_run(&here);
	notes_log(&p.notes);
	return end;
}
