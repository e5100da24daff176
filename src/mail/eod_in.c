/* SPDX-License-Identifier: ISC */

#include "mail/eod_in.h"

#include "mail/plain.h"

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

/* A line end in the middle of a block, with nothing behind it that the table would have to look at: the same as AFTER_CR,
 * LINE_START and INSIDE in turn. */
static int is_plain_end(char const *s, size_t n)
{
	return n > 2 && s[0] == '\r' && s[1] == '\n' && class_of(s[2]) == OTHER;
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
			size_t len = plain_copy(out + w, s + i, n - i, '\r', '\n');

			w += len;
			i += len;
			if (i == n)
				break;
			if (is_plain_end(s + i, n - i)) {
				out[w++] = '\n';
				i += 2;
				continue;
			}
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
