/* SPDX-License-Identifier: ISC */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/sig.h>
#include <skalibs/strerr.h>

#include "base/conf.h"
#include "base/fds.h"
#include "base/io.h"
#include "guard.h"
#include "net/conn.h"
#include "policy.h"
#include "session.h"

char const *PROG = "qmail-smtpd";

enum { EXIT_BROKEN = 1, FAREWELL_SECONDS = 1200 };

static conn client;

static char const *from_env(char const *name, char const *other)
{
	char const *s = getenv(name);

	return s ? s : other;
}

static int is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* Descriptor 2 is a log under a super-server of qmail's kind. Under inetd it is the connection, and with
 * no connection at all (sendmail -bs) it belongs to a program that expects nothing there. */
static void log_notes(policy const *p)
{
	size_t i = 0;

	if (p->notes.len == 0 || !is_socket(0) || is_socket(2))
		return;
	while (i < p->notes.len) {
		char *line = p->notes.s + i;
		size_t n = (size_t)((char *)memchr(line, '\n', p->notes.len - i) - line);

		line[n] = 0;
		strerr_warnw(line);
		i += n + 1;
	}
}

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
	if (!policy_load(&p)) {
		log_notes(&p);
		return refuse("421 unable to read controls (#4.3.0)\r\n");
	}
	log_notes(&p);
	p.notes.len = 0;

	client.timeout = p.timeout;
	s.conn = &client;
	s.policy = &p;
	s.client.host = from_env("TCPREMOTEHOST", "unknown");
	s.client.ip = from_env("TCPREMOTEIP", "unknown");
	s.client.info = from_env("TCPREMOTEINFO", 0);
	s.client.local = from_env("TCPLOCALHOST", from_env("TCPLOCALIP", "unknown"));
	s.client.protocol = "SMTP";
	code = session_run(&s);
	log_notes(&p);
	return code;
}
