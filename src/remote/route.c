/* SPDX-License-Identifier: ISC */

#include "route.h"

#include <string.h>

#include <skalibs/stralloc.h>

/* Written like an address. If it is none, that is a slip of the pen: no reason to ask for a host of that name
 * and to give up when there is none. */
static int is_address(char const *s, size_t n)
{
	size_t i;

	if (n > 0 && s[0] == '[')
		return 1;
	for (i = 0; i < n && ((s[i] >= '0' && s[i] <= '9') || s[i] == '.'); i++)
		;
	return i == n;
}

static dns_status find_relay(route *r, smtproutes_route const *found)
{
	static stralloc name = STRALLOC_ZERO;   /* r->host points into it */
	ip_address ip;

	if (is_address(found->relay, found->relaylen) && !ip_literal(&ip, found->relay, found->relaylen)) {
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
