/* SPDX-License-Identifier: ISC */

#ifndef MAIL_QUOTE_H
#define MAIL_QUOTE_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* SMTP quoting of mailbox names (RFC 5321 4.1.2 Quoted-string; the exact rule is spec'd by qmail). */

/* quote_needed: whether box[0..n) cannot stand as a dot-string. */
extern int quote_needed(char const *box, size_t n);

/* quote_box: append box[0..n) to *sa, quoted if needed. quote_address: append address[0..n), the part
 * before its last @ quoted if needed; an address without @ is appended as it is. Both return 0 when out
 * of memory. Any byte is taken; only CR, LF, " and \ get a backslash. */
extern int quote_box(stralloc *sa, char const *box, size_t n);
extern int quote_address(stralloc *sa, char const *address, size_t n);

#endif
