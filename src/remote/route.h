/* SPDX-License-Identifier: ISC */

#ifndef REMOTE_ROUTE_H
#define REMOTE_ROUTE_H

#include <stddef.h>

#include "net/dns.h"
#include "route/smtproutes.h"
#include "settings.h"

/* Which addresses a message for a host may be sent to, in this order. */
typedef struct route
{
	dns_list list;
	unsigned int port;
	int relay;              /* as control/smtproutes says: no exchangers, no question who we are */
	int login;              /* the line in control/smtproutes holds a user and password we do not use */
	size_t line;            /* its number */
	char const *host;       /* whose addresses these are, NUL-terminated */
	smtproutes_status status;
} route;

/* route_find: set *r for host (NUL-terminated). DNS_FOUND, or why there is no address; if r->status is
 * neither NONE nor RELAY, the line of control/smtproutes is wrong and nothing was looked up (DNS_SOFT). */
extern dns_status route_find(route *r, settings const *s, char const *host);

/* route_is: whether mail for host goes by the route r, which was found before, as far as that can be told without
 * asking name servers: to the same relay, or to the same host without one. r->host still lives. */
extern int route_is(route const *r, settings const *s, char const *host);

#endif
