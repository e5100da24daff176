/* SPDX-License-Identifier: ISC */

#ifndef RECIPIENT_MAILBOX_H
#define RECIPIENT_MAILBOX_H

#include "proto/users.h"

/* Whether qmail-local would find instructions for an address in the home of the user that it belongs to. */

typedef enum
{
	MAILBOX_UNKNOWN,        /* not to be found out now, or something that makes the mail wait */
	MAILBOX_NONE,           /* "no mailbox here by that name" */
	MAILBOX_THERE,
} mailbox_verdict;

/* mailbox_look: go to the home and look, by the rules of route/dotfile. The process has become the user: nothing
 * that belongs to a stranger is opened as root. Leaves us in the home. */
extern mailbox_verdict mailbox_look(users_record const *r);

/* mailbox_ask: the same in a child that becomes the user first; for root. Blocking. */
extern mailbox_verdict mailbox_ask(users_record const *r);

#endif
