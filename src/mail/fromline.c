/* SPDX-License-Identifier: ISC */

#include "mail/fromline.h"

#include <string.h>

enum { WORD = 5 };
static char const word[WORD] = "From ";

/* The > that is added may go anywhere among those that are there, so they need not be counted: each is
 * passed on as it comes, and only the word itself is held back until it is known to be whole. */
static size_t release(fromline *f, char *out, int quoted)
{
	size_t n = 0;

	if (quoted)
		out[n++] = '>';
	memcpy(out + n, word, f->held);
	n += f->held;
	f->held = 0;
	f->at_start = 0;
	return n;
}

/* One byte at the start of a line: how many bytes it put out, or (size_t)-1 if it belongs to the rest. */
static size_t feed_start(fromline *f, char *out, char c)
{
	if (c == word[f->held]) {
		if (++f->held == WORD)
			return release(f, out, 1);
		return 0;
	}
	if (f->held == 0 && c == '>')
		return *out = c, 1;
	return (size_t)-1;
}

size_t fromline_feed(fromline *f, char *out, char const *s, size_t n)
{
	size_t o = 0;
	size_t i = 0;

	while (i < n) {
		char const *newline;
		size_t m;

		f->ended = 0;
		if (f->at_start) {
			m = feed_start(f, out + o, s[i]);
			if (m != (size_t)-1) {
				o += m;
				i++;
				continue;
			}
			o += release(f, out + o, 0);
		}
		newline = memchr(s + i, '\n', n - i);
		m = newline ? (size_t)(newline - (s + i)) + 1 : n - i;
		memcpy(out + o, s + i, m);
		o += m;
		i += m;
		f->at_start = f->ended = newline != 0;
	}
	return o;
}

size_t fromline_end(fromline *f, char *out)
{
	size_t o = release(f, out, 0);

	if (!f->ended)
		out[o++] = '\n';
	f->ended = f->at_start = 1;
	return o;
}
