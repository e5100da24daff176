/* SPDX-License-Identifier: ISC */

#ifndef INJECT_RECIPIENTS_H
#define INJECT_RECIPIENTS_H

#include <stddef.h>

#include <skalibs/stralloc.h>

#include "inject/fault.h"
#include "mail/complete.h"

/* Addresses found on the way, in the order in which they go into the envelope. */

typedef enum recipients_list
{
	RECIPIENTS_ARGUMENT,
	RECIPIENTS_HEADER,      /* To, Cc, Bcc, Apparently-To */
	RECIPIENTS_RESENT,      /* Resent-To, Resent-Cc, Resent-Bcc */
	RECIPIENTS_VISIBLE,     /* To, Cc: who a follow-up goes to */
	RECIPIENTS_LISTS,
} recipients_list;

typedef struct recipients
{
	stralloc list[RECIPIENTS_LISTS];        /* each address followed by NUL */
} recipients;
#define RECIPIENTS_ZERO { .list = { STRALLOC_ZERO } }

/* recipients_add: one more. As an envelope has no way to hold a NUL, the address ends before its first.
 * 1, or 0 and *f: no memory, or all lists together over LIMIT_RECIPIENTS. */
extern int recipients_add(recipients *r, recipients_list which, addrlist_address const *a, fault *f);

/* recipients_next: the address at offset *i of a list, NUL-terminated, and *i moved behind it; null at the end. */
extern char const *recipients_next(recipients const *r, recipients_list which, size_t *i);

/* recipients_argument: an address from the command line, whose local part may hold any byte, unquoted.
 * Appends it, completed, to *sa. 1, or 0 and *f: its host cannot be parsed (then *f has the kind given,
 * and the argument, or its quoted form for FAULT_LINE). */
extern int recipients_argument(stralloc *sa, char const *argument, complete_rules const *rules, fault_kind kind,
	fault *f);

/* recipients_add_text: as recipients_add, for an address that is text already. */
extern int recipients_add_text(recipients *r, recipients_list which, char const *s, size_t n, fault *f);

#endif
