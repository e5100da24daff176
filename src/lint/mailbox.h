/* SPDX-License-Identifier: ISC */

#ifndef LINT_MAILBOX_H
#define LINT_MAILBOX_H

#include "setup.h"

typedef enum
{
	ADDRESS_UNKNOWN,        /* waits, or cannot be found out */
	ADDRESS_BOUNCES,
	ADDRESS_THERE,
	ADDRESS_REMOTE,
} address_verdict;

/* mailbox_of: what becomes of mail to an address (NUL-terminated), by the tables, users/cdb, the accounts and the
 * files in the home, which is put into *home, NUL-terminated, if there is one. */
extern address_verdict mailbox_of(setup const *s, char const *address, stralloc *home);

/* The same for many addresses, of which those in a row that belong to one user are looked for by one child. What
 * becomes of each is told, in the order in which they were asked for, with the number that was given. */
typedef void mailbox_told(void *data, size_t number, char const *address, char const *home, address_verdict v);

typedef struct mailbox_batch
{
	mailbox_told *told;
	void *data;
	size_t n;               /* questions that are not answered yet */
	uid_t uid;
	gid_t gid;
	stralloc questions;
	int failed;             /* there was no memory for all of them */
} mailbox_batch;

/* mailbox_ask_later: has told called, now or later. mailbox_finish: for all that is left, and frees what is in *b. */
extern void mailbox_ask_later(mailbox_batch *b, setup const *s, char const *address, size_t number);
extern void mailbox_finish(mailbox_batch *b);

#endif
