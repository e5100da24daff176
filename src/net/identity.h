/* SPDX-License-Identifier: ISC */

#ifndef NET_IDENTITY_H
#define NET_IDENTITY_H

#include <stddef.h>

#include <skalibs/stralloc.h>

#include "net/ip.h"

/* As whom we go to other hosts for the mail of a sender: what a line of control/domainips has behind its colon.
 *
 *	address|helohost        address4,address6|helohost        address        |helohost
 *
 * An address is IPv4 or IPv6, with or without brackets; %interface behind it is passed over. Connections of a family
 * for which there is no address come from where the kernel likes. */

typedef enum identity_status
{
	IDENTITY_ERROR = -1,    /* errno: the file cannot be read */
	IDENTITY_OK,            /* also where no line says anything */
	IDENTITY_NOCOLON,
	IDENTITY_BADADDRESS,
	IDENTITY_BADNAME,       /* a helohost with blanks, controls or 8-bit characters */
	IDENTITY_NOTOURS,       /* this host does not have that address */
} identity_status;

typedef struct identity
{
	ip_address v4;          /* len 0: none */
	ip_address v6;
	stralloc helohost;      /* empty: none; no final NUL */
	size_t line;            /* of the file; 0: none */
} identity;
#define IDENTITY_ZERO { .helohost = STRALLOC_ZERO, .line = 0 }

/* identity_parse: what is behind the colon. OK, BADADDRESS, BADNAME or ERROR (ENOMEM). Pure. */
extern identity_status identity_parse(identity *id, char const *s, size_t n);
extern void identity_free(identity *id);

/* identity_problem: what is wrong with a line of that status, in words; null if nothing is. */
extern char const *identity_problem(identity_status status);

/* identity_ours: whether this host has the addresses. identity_same: whether a connection of the one may serve the other. */
extern int identity_ours(identity const *id);
extern int identity_same(identity const *a, identity const *b);

#endif
