/* SPDX-License-Identifier: ISC */

#ifndef ROUTE_SMTPROUTES_H
#define ROUTE_SMTPROUTES_H

#include <stddef.h>

#include "base/constmap.h"
#include "base/control.h"

/* control/smtproutes: where mail for a domain goes instead of its mail exchangers.
 *
 *	domain:relay            domain:relay:port       domain:relay;port
 *	domain:[v6]:port        domain:[v4]:port        domain:
 *
 * each optionally followed by |user|password, which some patched qmails use to log in. A relay that is
 * left empty means the exchangers after all. A domain may be .suffix or empty (see suffix_find). */
typedef enum
{
	SMTPROUTES_NONE,        /* no line, or one without a relay */
	SMTPROUTES_RELAY,
	SMTPROUTES_BADRELAY,    /* the relay can be no host name */
	SMTPROUTES_BADPORT,     /* what follows the relay is no port number */
	SMTPROUTES_NOCOLON,     /* something else than a colon stands between domain and relay */
} smtproutes_status;

typedef struct smtproutes_route
{
	char const *relay;      /* points into the map; a literal keeps its brackets; not NUL-terminated */
	size_t relaylen;
	unsigned int port;      /* 25 unless the line says otherwise */
	int login;              /* there is a |user|password */
	size_t index;           /* of the line in the list the map was made from, for control_line */
} smtproutes_route;

/* smtproutes_find: the route of a domain, from the lines l of control/smtproutes and the map m that
 * constmap_map made of them with ':'. *r is filled unless NONE or NOCOLON is returned; index says which line
 * it was, or which is bad. A line without a colon counts only as a mistake about the domain it starts with:
 * qmail never looked at it, and other mail must not wait for it. No allocation. */
extern smtproutes_status smtproutes_find(smtproutes_route *r, control_list const *l, constmap const *m,
	char const *domain, size_t n);

/* smtproutes_parse: what stands behind the domain in one line. Sets all of *r but index. */
extern smtproutes_status smtproutes_parse(smtproutes_route *r, char const *s, size_t n);

#endif
