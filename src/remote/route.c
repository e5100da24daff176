/* SPDX-License-Identifier: ISC */

#include "route.h"

#include <string.h>
#include <strings.h>

#include <skalibs/stralloc.h>

static dns_status find_relay(route *r, smtproutes_route const *found)
{
	static stralloc name = STRALLOC_ZERO;   /* r->host points into it */

	/* A slip of the pen: no reason to ask for a host of that name and to give up when there is none. */
	if (ip_misspelt(found->relay, found->relaylen)) {
		r->status = SMTPROUTES_BADRELAY;
		return DNS_SOFT;
	}
	if (!stralloc_copyb(&name, found->relay, found->relaylen) || !stralloc_0(&name))
		return DNS_NOMEM;
	r->relay = 1;
	r->login = found->login;
	r->port = found->port;
	r->host = name.s;
	return dns_addresses(&r->list, r->host);
}

dns_status route_find(route *r, settings const *s, char const *host)
{
	smtproutes_route found = { .port = 0 };

	r->status = smtproutes_find(&found, &s->routelines, &s->routes, host, strlen(host));
	r->relay = 0;
	r->login = 0;
	r->host = host;
	r->port = 25;
	r->list.n = 0;
	if (r->status == SMTPROUTES_NONE)
		return dns_exchange(&r->list, host);
	r->line = control_line(&s->routelines, found.index);
	return r->status == SMTPROUTES_RELAY ? find_relay(r, &found) : DNS_SOFT;
}

int route_is(route const *r, settings const *s, char const *host)
{
	smtproutes_route found = { .port = 0 };
	smtproutes_status status = smtproutes_find(&found, &s->routelines, &s->routes, host, strlen(host));

	if (status == SMTPROUTES_NONE)
		return !r->relay && !strcasecmp(r->host, host);
	return status == SMTPROUTES_RELAY && r->relay && !found.login && !r->login && found.port == r->port
		&& strlen(r->host) == found.relaylen && !strncasecmp(r->host, found.relay, found.relaylen);
}
