/* SPDX-License-Identifier: ISC */

#ifndef MAIL_RECEIVED_H
#define MAIL_RECEIVED_H

#include <stdint.h>

#include <skalibs/stralloc.h>

/* What is known of the client that hands a message in. All of it is hearsay and treated so. */
typedef struct received
{
	char const *host;       /* the client's name by DNS, or "unknown" */
	char const *ip;         /* its address, or "unknown" */
	char const *info;       /* the user there by ident, or null */
	char const *helo;       /* what it calls itself, or null; left out when it is host */
	char const *local;      /* our name or address on that connection, or "unknown" */
	char const *protocol;   /* SMTP, QMTP, QMQP */
} received;

/* received_put: append the Received field for a message taken at time now (RFC 5321 4.4, in qmail's form:
 * two lines, each with LF) to *sa.
 *
 * Bytes other than letters, digits and . @ % + / = : - [ ] become ?, and names are cut, so whatever the
 * client says the field has two lines of at most 998 bytes. 1, or 0 out of memory. */
extern int received_put(stralloc *sa, received const *r, int64_t now);

#endif
