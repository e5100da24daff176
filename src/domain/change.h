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
	int keep_assign;        /* remove: leave users/assign alone; set by what the files say */
	int touched;            /* a file was changed, and maybe changed back */
	stralloc why;           /* of a failure, NUL-terminated: what to tell people */
	stralloc note;          /* what to tell people besides, NUL-terminated; empty if there is nothing */
	stralloc lost;          /* what could not be put back, NUL-terminated; empty if everything is as it was */
} change;
#define CHANGE_ZERO { .why = STRALLOC_ZERO, .note = STRALLOC_ZERO, .lost = STRALLOC_ZERO }

typedef enum
{
	CHANGE_NOMEM = -2,      /* as CHANGE_TROUBLE, but there is no why */
	CHANGE_TROUBLE = -1,    /* a step failed; the steps before it were undone */
	CHANGE_NOTHING = 0,     /* all of it was as it should be */
	CHANGE_DONE = 1,
	CHANGE_REFUSED = 2,     /* a file says something else about the domain, or has a mistake in it; steps undone */
} change_status;

/* The current directory is the home; we are root.
 *
 * change_lock: keep others of us out until we end: of several changes each waits for the one before it, half a
 * minute. CHANGE_DONE, CHANGE_TROUBLE or CHANGE_NOMEM. To be called before the others, which decide by what the files
 * say then. */
extern change_status change_lock(change *c);
extern change_status change_add(change *c);
extern change_status change_remove(change *c);

/* change_tell: the texts up to a null pointer as c->why. st, or CHANGE_NOMEM.
 * change_trouble: "unable to ... FILE: ..." by errno. */
extern change_status change_tell(change *c, change_status st, ...);
extern change_status change_trouble(change *c, char const *what, char const *file);

#endif
