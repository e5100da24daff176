/* SPDX-License-Identifier: ISC */

#include "mail/eod_in.h"

#include <string.h>

enum { INSIDE, LINE_START, DOT, DOT_CR, AFTER_CR, STATES };
enum { LF, CR, PERIOD, OTHER, CLASSES };

/* A cell of the table: the next state, and what to do on the way there. */
enum
{
	STATE = 7,
	PUT_DOT = 8,            /* the dot that turned out to be data */
	PUT_CR = 16,            /* the CR that was held back */
	PUT = 32,               /* the byte itself */
	END = 64,
	BARE_LF = 128,
};

enum { PUT_HELD = PUT_DOT | PUT_CR };

static unsigned char const table[STATES][CLASSES] =
{
	/*               LF                CR                    PERIOD                   OTHER */
	[INSIDE]     = { BARE_LF,          AFTER_CR,             PUT | INSIDE,            PUT | INSIDE },
	[LINE_START] = { BARE_LF,          AFTER_CR,             DOT,                     PUT | INSIDE },
	[DOT]        = { BARE_LF,          DOT_CR,               PUT | INSIDE,            PUT | INSIDE },
	[DOT_CR]     = { END,              PUT_HELD | AFTER_CR,  PUT_HELD | PUT | INSIDE, PUT_HELD | PUT | INSIDE },
	[AFTER_CR]   = { PUT | LINE_START, PUT_CR | AFTER_CR,    PUT_CR | PUT | INSIDE,   PUT_CR | PUT | INSIDE },
};

_Static_assert(LINE_START == 1, "EOD_IN_ZERO names the state by its number");

static unsigned int class_of(char c)
{
	switch (c) {
	case '\n':
		return LF;
	case '\r':
		return CR;
	case '.':
		return PERIOD;
	default:
		return OTHER;
	}
}

/* How much of s[0..n) is neither CR nor LF. */
static size_t plain(char const *s, size_t n)
{
	char const *found = memchr(s, '\r', n);

	if (found)
		n = (size_t)(found - s);
	found = memchr(s, '\n', n);
	return found ? (size_t)(found - s) : n;
}

eod_in_status eod_in_feed(eod_in *m, char const *s, size_t n, size_t *used, char *out, size_t *outlen)
{
	unsigned int state = m->state;
	unsigned int cell = 0;
	size_t i = 0;
	size_t w = 0;

	while (i < n && !(cell & (END | BARE_LF))) {
		/* Nearly every byte of a message is read here, in bulk. */
		if (state == INSIDE) {
			size_t len = plain(s + i, n - i);

			memcpy(out + w, s + i, len);
			w += len;
			i += len;
			if (i == n)
				break;
		}
		cell = table[state][class_of(s[i])];
		if (cell & PUT_DOT)
			out[w++] = '.';
		if (cell & PUT_CR) {
			out[w++] = '\r';
			m->bare_cr = 1;
		}
		if (cell & PUT)
			out[w++] = s[i];
		state = cell & STATE;
		i++;
	}
	m->state = state;
	*used = i;
	*outlen = w;
	if (cell & END)
		return EOD_IN_END;
	return cell & BARE_LF ? EOD_IN_BARE_LF : EOD_IN_MORE;
}
