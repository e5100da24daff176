/* SPDX-License-Identifier: ISC */

#ifndef SMTPD_RECIPIENT_H
#define SMTPD_RECIPIENT_H

#include <stddef.h>

#include <skalibs/stralloc.h>

#include "known.h"

/* Whether there is anybody at an address that mail is taken for. Whoever can tell is asked: qmail-rcptd, the lists and
 * programs of control/recipients, and $RCPTCHECK. One who says that there is nobody is enough. Who does not know, or
 * does not answer in time, has no say: mail is taken on doubt. */

typedef struct recipient_checks
{
	int wanted;             /* 0: nobody is asked */
	int absent;             /* no qmail-rcptd, or one too slow in this session, or another program takes the mail */
	int rcptd;              /* the connection to it plus one; 0: none yet */
	known_lists lists;
	stralloc text;          /* what a program wants to be answered */
} recipient_checks;
#define RECIPIENT_CHECKS_ZERO { .wanted = 0, .lists = KNOWN_LISTS_ZERO, .text = STRALLOC_ZERO }

/* What is known of a recipient. */
typedef struct recipient_case
{
	char const *address;
	size_t n;
	char const *sender;     /* not NUL-terminated */
	size_t sender_n;
	char const *helo;
	int relay;              /* the client may send anywhere */
	stralloc *notes;        /* for the log (base/notes.h) */
} recipient_case;

/* What a session waits for one answer of qmail-rcptd; after one that did not come it does not ask again. */
enum { RECIPIENT_SECONDS = 5 };

/* recipient_check: null: it is taken. Else the reply, without the end of line, which lives until the next call;
 * *unknown tells whether that is because there is nobody. The current directory is the home. */
extern char const *recipient_check(recipient_checks *c, recipient_case const *r, int *unknown);

extern void recipient_free(recipient_checks *c);

#endif
