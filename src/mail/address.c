/* SPDX-License-Identifier: ISC */

#include "mail/address.h"

#include <string.h>

#include "base/text.h"

/* Offset of the first c in s[0..n), or n. */
static size_t find(char const *s, size_t n, char c)
{
	char const *found = n ? memchr(s, c, n) : 0;

	return found ? (size_t)(found - s) : n;
}

/* Where the path starts, n if there is none; *end becomes the byte that ends it. */
static size_t path_start(char const *arg, size_t n, char *end)
{
	size_t i = find(arg, n, '<');

	if (i < n) {
		*end = '>';
		return i + 1;
	}
	*end = ' ';
	i = find(arg, n, ':');
	if (i < n)
		i++;
	while (i < n && arg[i] == ' ')
		i++;
	return i;
}

/* Behind the source route that starts at i; n if the path ends before its colon. */
static size_t route_end(char const *arg, size_t n, size_t i, char end)
{
	size_t colon = i + find(arg + i, n - i, ':');

	return colon < i + find(arg + i, n - i, end) ? colon + 1 : n;
}

address_status address_parse(address *a, char const *arg, size_t n)
{
	int escaped = 0;
	int quoted = 0;
	int routed;
	char end;
	size_t i = path_start(arg, n, &end);

	a->len = 0;
	routed = i < n && arg[i] == '@';
	if (routed)
		i = route_end(arg, n, i, end);
	if (i == n)
		return ADDRESS_BAD;
	for (; i < n; i++) {
		char c = arg[i];

		if (!escaped) {
			if (c == end && !quoted)
				break;
			if (c == '\\') {
				escaped = 1;
				continue;
			}
			if (c == '"') {
				quoted = !quoted;
				continue;
			}
		}
		escaped = 0;
		if (c == '\r' || c == '\n' || !c)
			return ADDRESS_BAD;
		if (a->len == sizeof a->s)
			return ADDRESS_TOO_LONG;
		a->s[a->len++] = c;
	}
	a->end = i < n ? i + 1 : n;
	if (quoted || escaped || (i == n && end == '>') || (routed && a->len == 0))
		return ADDRESS_BAD;
	return ADDRESS_OK;
}

int address_literal(address const *a, unsigned char ip[4])
{
	size_t i = text_rchr(a->s, a->len, '@');
	unsigned int part;

	if (i == a->len || ++i == a->len || a->s[i] != '[')
		return 0;
	for (part = 0; part < 4; part++) {
		unsigned int value = 0;
		size_t digits = 0;

		/* The bracket or the dot before the number. */
		for (i++; i < a->len && a->s[i] >= '0' && a->s[i] <= '9'; i++, digits++) {
			value = value * 10 + (unsigned int)(a->s[i] - '0');
			if (value > 255)
				return 0;
		}
		if (digits == 0 || i == a->len || a->s[i] != (part < 3 ? '.' : ']'))
			return 0;
		ip[part] = (unsigned char)value;
	}
	return i + 1 == a->len;
}

address_status address_set_host(address *a, char const *host, size_t n)
{
	size_t at = text_rchr(a->s, a->len, '@');

	if (at == a->len)
		return ADDRESS_OK;
	if (n > sizeof a->s - (at + 1))
		return ADDRESS_TOO_LONG;
	memcpy(a->s + at + 1, host, n);
	a->len = at + 1 + n;
	return ADDRESS_OK;
}
