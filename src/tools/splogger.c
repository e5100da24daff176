/* SPDX-License-Identifier: ISC */

/* splogger: standard input, line by line, to syslog. */

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include <skalibs/sig.h>
#include <skalibs/types.h>

#include "base/fds.h"
#include "base/io.h"
#include "base/sandbox.h"

enum { PIECE = 799 };                   /* what syslog takes, by old agreement */

char const *PROG = "splogger";

typedef struct splogger
{
	char piece[PIECE + 1];          /* NUL-terminated when it is sent */
	size_t n;
	int priority;                   /* of the line, once its first piece was sent */
	int continued;
} splogger;

static int starts_with(char const *s, char const *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static int priority_of(char const *s)
{
	if (starts_with(s, "alert:"))
		return LOG_ALERT;
	return starts_with(s, "warning:") ? LOG_WARNING : LOG_INFO;
}

static void send_piece(splogger *l)
{
	struct timespec now;
	int continued = l->continued;

	l->piece[l->n] = 0;
	if (!continued)
		l->priority = priority_of(l->piece);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	syslog(l->priority, "%lld.%06ld%c%s", (long long)now.tv_sec, now.tv_nsec / 1000, continued ? '+' : ' ', l->piece);
	l->n = 0;
	l->continued = 1;
}

static void take(splogger *l, char c)
{
	if (c == '\n') {
		if (l->n > 0)
			send_piece(l);
		l->continued = 0;
		return;
	}
	if (l->n == PIECE)
		send_piece(l);
	l->piece[l->n++] = c < 32 || c > 126 ? '?' : c;
}

int main(int argc, char const *const *argv)
{
	static splogger l;
	unsigned int facility;
	char buf[4096];
	ssize_t r;
	ssize_t i;

	(void)fds_sane(2);
	/* A hangup meant for qmail-send, sent by name, may find us too. */
	sig_ignore(SIGHUP);
	if (argc < 3 || !uint_scan(argv[2], &facility))
		facility = (unsigned int)LOG_MAIL >> 3;
	/* Lines that are not logged are lost, so what the kernel refuses is done without. */
	(void)sandbox_enter(SANDBOX_SPLOGGER);
	openlog(argc > 1 ? argv[1] : "splogger", 0, (int)(facility << 3 & LOG_FACMASK));
	while ((r = io_read(0, buf, sizeof buf, 0)) > 0)
		for (i = 0; i < r; i++)
			take(&l, buf[i]);
	/* what a program said last, before it was cut short, is what one wants to know */
	take(&l, '\n');
	return 0;
}
