/* SPDX-License-Identifier: ISC */

#include "loop.h"

#include <string.h>

void loop_start(loop *l, char const *line, size_t n)
{
	l->line = line;
	l->len = n;
	l->at = 0;
	l->same = 1;
}

/* A piece of one line, its newline included if it has one. */
static void compare(loop *l, char const *s, size_t n)
{
	if (l->same && (n > l->len - l->at || memcmp(s, l->line + l->at, n) != 0))
		l->same = 0;
	l->at = n < l->len - l->at ? l->at + n : l->len;
}

loop_status loop_feed(loop *l, char const *s, size_t n)
{
	while (n > 0) {
		char const *newline = memchr(s, '\n', n);
		size_t m = newline ? (size_t)(newline - s) + 1 : n;

		if (newline && m == 1 && l->at == 0)
			return LOOP_CLEAN;
		compare(l, s, m);
		if (newline) {
			if (l->same && l->at == l->len)
				return LOOP_FOUND;
			l->at = 0;
			l->same = 1;
		}
		s += m;
		n -= m;
	}
	return LOOP_MORE;
}
