/* SPDX-License-Identifier: ISC */

#include "wire.h"

#include <stdint.h>

#include "mail/plain.h"

static size_t put_line_end(char *out)
{
	out[0] = '\r';
	out[1] = '\n';
	return 2;
}

static void enter_body(wire *w)
{
	w->part = w->lines == 0 ? WIRE_ENOUGH : WIRE_BODY;
}

/* A line has ended, or was empty. */
static void end_line(wire *w)
{
	if (w->part == WIRE_HEADER) {
		if (!w->middle)
			enter_body(w);
	} else if (w->lines != SIZE_MAX) {
		w->lines--;
		enter_body(w);
	}
	w->middle = 0;
}

void wire_start(wire *w, size_t lines)
{
	w->part = WIRE_HEADER;
	w->middle = 0;
	w->lines = lines;
}

size_t wire_feed(wire *w, char const *s, size_t n, char *out)
{
	size_t len = 0;
	size_t i = 0;

	while (i < n && w->part != WIRE_ENOUGH) {
		size_t plain;

		if (!w->middle && s[i] == '.')
			out[len++] = '.';
		plain = plain_copy(out + len, s + i, n - i, '\n', '\n');
		len += plain;
		i += plain;
		w->middle |= plain > 0;
		if (i < n) {
			len += put_line_end(out + len);
			i++;
			end_line(w);
		}
	}
	return len;
}

size_t wire_end(wire *w, char *out)
{
	size_t len = 0;

	if (w->middle)
		len = put_line_end(out);
	out[len++] = '.';
	len += put_line_end(out + len);
	w->middle = 0;
	return len;
}
