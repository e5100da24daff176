/* SPDX-License-Identifier: ISC */

#include "proto/envelope.h"

#include <string.h>

/* The rest of an address from s[*i..n), with its NUL if that is there. */
static envelope_status address(envelope *e, char const *s, size_t n, size_t *i)
{
	char const *nul = memchr(s + *i, 0, n - *i);
	size_t end = nul ? (size_t)(nul - s) : n;

	if (end - *i > ENVELOPE_ADDRESS_MAX - e->len)
		return ENVELOPE_TOOLONG;
	e->len += end - *i;
	*i = end;
	if (nul) {
		e->inside = 0;
		*i = end + 1;
	}
	return ENVELOPE_MORE;
}

envelope_status envelope_check(envelope *e, char const *s, size_t n, size_t *used)
{
	size_t i = 0;

	*used = 0;
	while (i < n) {
		if (!e->inside) {
			if (s[i] == 0 && e->sender) {
				*used = i;
				return ENVELOPE_DONE;
			}
			if (s[i] != (e->sender ? 'T' : 'F'))
				return ENVELOPE_BAD;
			e->sender = 1;
			e->inside = 1;
			e->len = 0;
			i++;
		}
		if (i < n && address(e, s, n, &i) == ENVELOPE_TOOLONG)
			return ENVELOPE_TOOLONG;
	}
	*used = n;
	return ENVELOPE_MORE;
}
