/* SPDX-License-Identifier: ISC */

#include "route.h"

#include <string.h>

#include <skalibs/stralloc.h>

static dns_status find_relay(route *r, smtproutes_route const *found)
{
	static stralloc name = STRALLOC_ZERO;   /* r->host points into it */

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

size_t route_usable(dns_list const *l, ipme const *me, int relay)
{
	unsigned int best = relay ? ROUTE_ANY : ROUTE_NOT_ME;
	size_t i;

	for (i = 0; i < l->n && !relay; i++)
		if (l->a[i].preference < best && ipme_has(me, l->a[i].ip.bytes, l->a[i].ip.len))
			best = l->a[i].preference;
	for (i = 0; i < l->n && l->a[i].preference < best; i++)
		;
	return i;
}
