/* SPDX-License-Identifier: ISC */

#include "route/smtproutes.h"

#include <string.h>

#include "route/pattern.h"
#include "route/suffix.h"

enum { SMTP_PORT = 25, PORT_MAX = 65535 };

/* Where the relay ends: at the first : or ; outside brackets. */
static size_t relay_length(char const *s, size_t n)
{
	size_t i = 0;

	if (n && s[0] == '[') {
		char const *close = memchr(s, ']', n);

		if (close)
			i = (size_t)(close - s);
	}
	while (i < n && s[i] != ':' && s[i] != ';')
		i++;
	return i;
}

static int is_relay(char const *s, size_t n)
{
	size_t i;

	if (n == 0 || (s[0] == '[' && s[n - 1] != ']'))
		return 0;
	for (i = 0; i < n; i++)
		if (s[i] < 33 || s[i] > 126)
			return 0;
	return 1;
}

/* Digits, then whatever (qmail stops reading at the first other byte). Nothing at all is no other port. */
static int scan_port(unsigned int *port, char const *s, size_t n)
{
	size_t i;

	if (n == 0)
		return 1;
	*port = 0;
	for (i = 0; i < n && s[i] >= '0' && s[i] <= '9'; i++) {
		*port = *port * 10 + (unsigned int)(s[i] - '0');
		if (*port > PORT_MAX)
			return 0;
	}
	return i > 0;
}

smtproutes_status smtproutes_parse(smtproutes_route *r, char const *s, size_t n)
{
	char const *bar = n ? memchr(s, '|', n) : 0;

	r->login = bar != 0;
	if (bar)
		n = (size_t)(bar - s);
	r->relay = s;
	r->relaylen = relay_length(s, n);
	r->port = SMTP_PORT;
	if (n == 0)
		return SMTPROUTES_NONE;
	if (!is_relay(s, r->relaylen))
		return SMTPROUTES_BADRELAY;
	if (r->relaylen < n && !scan_port(&r->port, s + r->relaylen + 1, n - r->relaylen - 1))
		return SMTPROUTES_BADPORT;
	return SMTPROUTES_RELAY;
}

smtproutes_status smtproutes_find(smtproutes_route *r, control_list const *l, constmap const *m,
	char const *domain, size_t n)
{
	constmap_entry const *e = suffix_find(m, domain, n, 1);

	if (pattern_misfit(&r->index, l, domain, n, e ? e->keylen : 0))
		return SMTPROUTES_NOCOLON;
	if (!e)
		return SMTPROUTES_NONE;
	r->index = e->index;
	return smtproutes_parse(r, e->value, e->valuelen);
}
