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

/* mailbox_of: what becomes of mail to an address (NUL-terminated), by the tables, users/cdb, the accounts and the files in
 * the home, which is put into *home, NUL-terminated, if there is one. */
extern address_verdict mailbox_of(setup const *s, char const *address, stralloc *home);

#endif
