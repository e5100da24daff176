/* SPDX-License-Identifier: ISC */

#ifndef RECIPIENT_MAILBOX_H
#define RECIPIENT_MAILBOX_H

#include "proto/users.h"

/* Whether qmail-local would find instructions for an address in the home of the user that it belongs to. */

typedef enum
{
	MAILBOX_UNKNOWN,        /* not to be found out now: the look failed, or the home is missing, locked or unsafe */
	MAILBOX_WAITS,          /* there is a file, and it makes qmail-local have the mail wait */
	MAILBOX_NONE,           /* "no mailbox here by that name" */
	MAILBOX_THERE,
} mailbox_verdict;

/* mailbox_look: go to the home and look, by the rules of route/dotfile. The process has become the user: nothing
 * that belongs to a stranger is opened as root. Leaves us in the home.
 *
 * careful, here and below: in a home that has just changed (fresh.h) a file that is missing is UNKNOWN. For one who
 * answers before there is mail; who delivers goes by what is there. */
extern mailbox_verdict mailbox_look(users_record const *r, int careful);

/* mailbox_end: become the user for good, give up all that it does not take to look, look, and exit with the verdict.
 * For a child of root's. mailbox_exit: exit with this verdict. mailbox_ended: the verdict, by a status as of waitpid;
 * any other end is UNKNOWN. */
extern _Noreturn void mailbox_end(users_record const *r, int careful);
extern _Noreturn void mailbox_exit(mailbox_verdict v);
extern mailbox_verdict mailbox_ended(int status);

/* mailbox_ask: what a child that does that finds out; UNKNOWN also when there can be no child, or it is killed.
 * Blocking. */
extern mailbox_verdict mailbox_ask(users_record const *r, int careful);

#endif
