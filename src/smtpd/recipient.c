/* SPDX-License-Identifier: ISC */

#include "recipient.h"

#include <errno.h>

#include <skalibs/djbunix.h>

#include "proto/rcptd.h"

static int is_connected(recipient_checks *c)
{
	if (!c->rcptd && !c->absent) {
		c->rcptd = rcptd_connect() + 1;
		c->absent = !c->rcptd;
	}
	return c->rcptd;
}

static void disconnect(recipient_checks *c)
{
	fd_close(c->rcptd - 1);
	c->rcptd = 0;
}

/* It closes the connection of a client that has been silent for long, and with all of them when it is restarted: then
 * it is worth another try, once. */
static rcptd_answer ask_rcptd(recipient_checks *c, char const *address, size_t n)
{
	rcptd_answer a = RCPTD_DOUBT;
	int fresh = 0;
	int gone = 1;

	while (gone && !fresh) {
		fresh = !c->rcptd;
		if (!is_connected(c))
			return RCPTD_DOUBT;
		a = rcptd_ask(c->rcptd - 1, address, n, RECIPIENT_SECONDS, &gone);
		fresh |= gone && errno == ETIMEDOUT;
		if (gone)
			disconnect(c);
	}
	c->absent = gone;
	return a;
}

recipient_verdict recipient_check(recipient_checks *c, char const *address, size_t n)
{
	if (c->wanted && ask_rcptd(c, address, n) == RCPTD_NO)
		return RECIPIENT_UNKNOWN;
	return RECIPIENT_TAKEN;
}
