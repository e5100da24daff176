/* SPDX-License-Identifier: ISC */

#include "recipient.h"

#include <errno.h>
#include <stdlib.h>

#include <skalibs/djbunix.h>

#include "proto/qq.h"
#include "proto/rcptd.h"
#include "rcptcheck.h"

/* A program in the place of qmail-queue may give the mail to anybody, who knows others. */
static int may_ask(void)
{
	char const *wish = getenv("QMAILRCPTD");

	return (wish && *wish) || !qq_is_substituted();
}

static int is_connected(recipient_checks *c)
{
	if (!c->rcptd && !c->absent) {
		c->rcptd = may_ask() ? rcptd_connect() + 1 : 0;
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

/* As for s/qmail: not nobody for good, for a while after a move for example. */
static char const *refusal(void)
{
	return getenv("RECIPIENTS450") ? "450 sorry, no mailbox here by that name. (#4.1.1)"
		: "550 sorry, no mailbox here by that name. (#5.1.1)";
}

/* The cheapest first: programs are not run for who is nobody's anyway. */
char const *recipient_check(recipient_checks *c, recipient_case const *r, int *unknown)
{
	*unknown = 1;
	if (!c->wanted)
		return 0;
	if (ask_rcptd(c, r->address, r->n) == RCPTD_NO)
		return "550 sorry, no mailbox here by that name. (#5.1.1)";
	if (!r->relay)
		switch (known_check(&c->lists, r->address, r->n, r->notes)) {
		case KNOWN_NO:
			return refusal();
		case KNOWN_WAIT:
			*unknown = 0;
			return "451 unable to verify recipient (#4.3.0)";
		case KNOWN_YES:
			break;
		}
	return rcptcheck_ask(r, &c->text, unknown);
}

void recipient_free(recipient_checks *c)
{
	if (c->rcptd)
		disconnect(c);
	known_free(&c->lists);
	stralloc_free(&c->text);
}
