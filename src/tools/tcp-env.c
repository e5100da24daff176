/* SPDX-License-Identifier: ISC */

/* tcp-env: puts what is known of the TCP connection on descriptor 0 into the environment and becomes another
 * program. Under a super-server that has done so itself it only does the latter. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <skalibs/exec.h>
#include <skalibs/types.h>

#include "base/io.h"
#include "base/option.h"
#include "base/text.h"
#include "net/dns.h"
#include "net/ident.h"
#include "net/tcp.h"

enum { EXIT_TEMP = 111, IDENT_SECONDS = 30, IDENT_SECONDS_MAX = 86400 };

char const *PROG = "tcp-env";

typedef struct settings
{
	int ask;                /* the other host, who it is */
	unsigned int seconds;   /* for that */
} settings;

static int read_options(settings *st, int argc, char const *const *argv)
{
	subgetopt l = SUBGETOPT_ZERO;
	int opt;

	st->ask = 1;
	st->seconds = IDENT_SECONDS;
	while ((opt = option_next(argc, argv, "rRt:", &l)) != -1)
		switch (opt) {
		case 'r': st->ask = 1; break;
		case 'R': st->ask = 0; break;
		case 't':
			uint_scan(l.arg, &st->seconds);
			if (st->seconds > IDENT_SECONDS_MAX)
				st->seconds = IDENT_SECONDS_MAX;
			break;
		default:
			return 0;
		}
	return l.ind;
}

/* Somebody has done our work. (TCP6 is what a tcpserver with IPv6 says.) */
static int all_known(void)
{
	char const *proto = getenv("PROTO");

	return proto && (strcmp(proto, "TCP") == 0 || strcmp(proto, "TCP6") == 0);
}

static int put(char const *side, char const *what, char const *value)
{
	char name[16];

	snprintf(name, sizeof name, "TCP%s%s", side, what);
	return (value ? setenv(name, value, 1) : unsetenv(name)) == 0;
}

static int put_name(char const *side, ip_address const *ip)
{
	char name[DNS_NAME_MAX];

	switch (dns_name(name, ip)) {
	case DNS_FOUND:
		text_lowerb(name, strlen(name));
		return put(side, "HOST", name);
	case DNS_NOMEM:
		return 0;
	case DNS_SOFT:
		return put(side, "HOST", "softdnserror");
	default:
		return put(side, "HOST", 0);
	}
}

typedef int whose_name(int fd, struct sockaddr *sa, socklen_t *len);

/* One end of the connection, with its name. */
static int put_end(ident_end *e, char const *side, whose_name *name)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;
	char ip[IP_FMT];
	char port[UINT_FMT];

	if (name(0, (struct sockaddr *)&sa, &len) < 0 || !tcp_address(&e->ip, &e->port, &sa))
		return 0;
	ip_format(ip, &e->ip);
	port[uint_fmt(port, e->port)] = 0;
	return put(side, "IP", ip) && put(side, "PORT", port) && put_name(side, &e->ip);
}

static int put_info(settings const *st, ident_end const *local, ident_end const *remote)
{
	char info[IDENT_MAX + 1];
	tain deadline;

	io_deadline(&deadline, st->seconds);
	return put("REMOTE", "INFO", st->ask && ident_ask(info, local, remote, &deadline) ? info : 0);
}

static int look(settings const *st)
{
	ident_end local, remote;

	io_start();
	return setenv("PROTO", "TCP", 1) == 0 && put_end(&local, "LOCAL", getsockname)
		&& put_end(&remote, "REMOTE", getpeername) && put_info(st, &local, &remote);
}

int main(int argc, char const *const *argv)
{
	settings st;
	int i = read_options(&st, argc, argv);

	if (i == 0 || i >= argc)
		return EXIT_TEMP;
	if (!all_known() && !look(&st))
		return EXIT_TEMP;
	exec(argv + i);
	return EXIT_TEMP;
}
