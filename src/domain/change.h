/* SPDX-License-Identifier: ISC */

#ifndef DOMAIN_CHANGE_H
#define DOMAIN_CHANGE_H

#include <skalibs/stralloc.h>

/* Putting a domain into the files it has to be in, and taking it out.
 *
 *   add      users/assign and its table, virtualdomains and HUP, rcpthosts at last
 *   remove   the same backwards
 *
 * So wherever this is cut short, mail that is taken at RCPT can be delivered. */

typedef struct change
{
	char const *domain;     /* in lower case */
	char const *prefix;     /* what virtualdomains puts in front */
	char const *assign;     /* the line of users/assign to be added; null: none */
	int keep_assign;        /* remove: leave users/assign alone */
	stralloc why;           /* of a failure, NUL-terminated: what to tell people */
	stralloc note;          /* what to tell people besides, NUL-terminated; empty if there is nothing */
	stralloc lost;          /* what could not be put back, NUL-terminated; empty if everything is as it was */
} change;
#define CHANGE_ZERO { .why = STRALLOC_ZERO, .note = STRALLOC_ZERO, .lost = STRALLOC_ZERO }

typedef enum
{
	CHANGE_NOMEM = -2,
	CHANGE_TROUBLE = -1,    /* a step failed; the steps before it were undone */
	CHANGE_NOTHING = 0,     /* all of it was as it should be */
	CHANGE_DONE = 1,
	CHANGE_REFUSED = 2,     /* a file says something else about the domain, or has a mistake in it; steps undone */
} change_status;

/* The current directory is the home; we are root. Of several changes each waits for the one before it. */
extern change_status change_add(change *c);
extern change_status change_remove(change *c);

#endif
