/* SPDX-License-Identifier: ISC */

#ifndef REMOTE_IDENTITY_H
#define REMOTE_IDENTITY_H

#include <stddef.h>

#include <skalibs/stralloc.h>

#include "base/constmap.h"
#include "net/ip.h"

/* control/domainips: the address that mail of a sender comes from, and the name it says HELO with.
 *
 *	pattern:address|helohost        pattern:address4,address6|helohost
 *	pattern:address                 pattern:|helohost
 *
 * route/pattern.h says what a pattern fits; * fits every sender that no other one fits, also those without a domain.
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

/* identity_parse: what is behind the colon. OK, BADADDRESS or BADNAME. Pure.
 * identity_find: the line about a sender, of the lines l and the map m of them. Not ERROR, not NOTOURS. Pure.
 * Both return ERROR (ENOMEM) as well. */
extern identity_status identity_parse(identity *id, char const *s, size_t n);
extern identity_status identity_find(identity *id, control_list const *l, constmap const *m, char const *sender, size_t n);

/* identity_load: read the file below the current directory for a sender, and try the addresses. Replaces *id. */
extern identity_status identity_load(identity *id, char const *sender);
extern void identity_free(identity *id);

/* identity_same: whether a connection of the one may serve the other. */
extern int identity_same(identity const *a, identity const *b);

/* identity_bind: a socket for connections to an address. 1, or 0 with errno. */
extern int identity_bind(identity const *id, int fd, ip_address const *to);

#endif
