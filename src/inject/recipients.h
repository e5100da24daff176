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
	fault trouble[RECIPIENTS_LISTS];        /* why a message must not be sent to this list */
} recipients;
#define RECIPIENTS_ZERO { .list = { STRALLOC_ZERO }, .trouble = { FAULT_ZERO } }

/* recipients_add: one more, found in field[0..n). An address that is empty or that has a control character in it is
 * not added but refused. 1, or 0 and *f: no memory, or all lists together over LIMIT_RECIPIENTS. */
extern int recipients_add(recipients *r, recipients_list which, addrlist_address const *a, char const *field, size_t n,
	fault *f);

/* recipients_refuse: note that the recipients in field[0..n) cannot all be told. Whether that matters shows
 * when it is settled who receives the message: a list whose trouble is not FAULT_NONE is not to be used. The first
 * trouble of a list is kept, with the first 4096 bytes of the field. */
extern void recipients_refuse(recipients *r, recipients_list which, fault_kind kind, char const *field, size_t n);

/* recipients_text_ok: whether s[0..n) can stand in an envelope: no control character. */
extern int recipients_text_ok(char const *s, size_t n);

/* recipients_next: the address at offset *i of a list, NUL-terminated, and *i moved behind it; null at the end. */
extern char const *recipients_next(recipients const *r, recipients_list which, size_t *i);

/* recipients_argument: an address from the command line, bare or in < >, whose local part may hold any printable
 * byte, unquoted. Appends it, completed, to *sa; nothing for an empty one. 1, or 0 and *f: it has a host
 * that is none, a stray < or >, or a control character (then *f has the kind given, and the argument, or its quoted
 * form for FAULT_LINE). */
extern int recipients_argument(stralloc *sa, char const *argument, complete_rules const *rules, fault_kind kind,
	fault *f);

/* recipients_add_text: as recipients_add, for an address that is text already and can be used. */
extern int recipients_add_text(recipients *r, recipients_list which, char const *s, size_t n, fault *f);

#endif
