/* SPDX-License-Identifier: ISC */

/* qmail-pop3d: lets a client that has said who it is read and remove the messages of a Maildir. */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/sig.h>

#include "base/fds.h"
#include "base/io.h"
#include "base/sandbox.h"
#include "net/conn.h"
#include "proto/maildir.h"
#include "session.h"

char const *PROG = "qmail-pop3d";

enum { EXIT_ROOT = 1, TIMEOUT_SECONDS = 1200 };

static conn client;

static int refuse(char const *text)
{
	conn_within(&client, TIMEOUT_SECONDS);
	conn_puts(&client, text);
	conn_puts(&client, "\r\n");
	conn_flush(&client);
	return 0;
}

static int is_root(void)
{
	static char const text[] = "qmail-pop3d invoked as uid 0, terminating\n";

	if (getuid() != 0 && geteuid() != 0)
		return 0;
	(void)io_writeall(2, text, sizeof text - 1);
	return 1;
}

/* Runs once per connection; what it allocates is left to the exit. */
int main(int argc, char const *const *argv)
{
	session s = SESSION_ZERO;
	maildir m = MAILDIR_ZERO;
	int64_t now = (int64_t)time(0);

	if (!fds_sane(2) || is_root())
		return EXIT_ROOT;
	fds_cloexec_from(3);
	sig_ignore(SIGPIPE);
	io_start();
	conn_open(&client, 0, 1, TIMEOUT_SECONDS);
	if (argc < 2 || chdir(argv[1]) < 0)
		return refuse("-ERR this user has no $HOME/Maildir");
	if (!sandbox_enter(SANDBOX_POP3D))
		return refuse("-ERR unable to enter the sandbox");
	maildir_clean(now);
	if (!maildir_scan(&m, now))
		return refuse(errno == ENOMEM ? "-ERR out of memory" : "-ERR unable to scan $HOME/Maildir");

	s.conn = &client;
	s.maildir = &m;
	s.capa = getenv("POP3AUTH") != 0;
	session_run(&s);
	return 0;
}
