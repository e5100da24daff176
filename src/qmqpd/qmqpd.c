/* SPDX-License-Identifier: ISC */

#include <signal.h>
#include <unistd.h>

#include <skalibs/sig.h>

#include "base/conf.h"
#include "base/fds.h"
#include "base/guard.h"
#include "base/io.h"
#include "net/client.h"
#include "net/conn.h"
#include "session.h"

char const *PROG = "qmail-qmqpd";

static conn client;
static session here;

/* Runs once per connection. There is no control file: who may connect is the super-server's business. */
int main(void)
{
	if (!fds_sane(2))
		return SESSION_TROUBLE;
	fds_cloexec_from(3);
	sig_ignore(SIGPIPE);
	guard_set();
	io_start();
	if (chdir(conf_home) < 0)
		return SESSION_TROUBLE;
	conn_open(&client, 0, 1, SESSION_SECONDS);
	here.conn = &client;
	client_known(&here.client, "QMQP");
	return session_run(&here);
}
