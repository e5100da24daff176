/* SPDX-License-Identifier: ISC */

#include "mail/eod_out.h"

#include <string.h>

static size_t put_line_end(char *out)
{
	out[0] = '\r';
	out[1] = '\n';
	return 2;
}

/* How many bytes of s come before its first CR or LF. */
static size_t plain_length(char const *s, size_t n)
{
	char const *lf = memchr(s, '\n', n);
	char const *cr;

	if (lf)
		n = (size_t)(lf - s);
	cr = memchr(s, '\r', n);
	return cr ? (size_t)(cr - s) : n;
}

size_t eod_out_feed(eod_out *e, char const *s, size_t n, char *out)
{
	size_t len = 0;
	size_t i = 0;

	while (i < n) {
		if (s[i] == '\n') {
			len += put_line_end(out + len);
			e->state = EOD_OUT_START;
			i++;
			continue;
		}
		if (e->state == EOD_OUT_CR) {
			len += put_line_end(out + len);
			e->state = EOD_OUT_START;
		}
		if (s[i] == '\r') {
			e->state = EOD_OUT_CR;
			i++;
		} else {
			size_t plain = plain_length(s + i, n - i);

			if (e->state == EOD_OUT_START && s[i] == '.')
				out[len++] = '.';
			memcpy(out + len, s + i, plain);
			len += plain;
			i += plain;
			e->state = EOD_OUT_MIDDLE;
		}
	}
	return len;
}

size_t eod_out_end(eod_out *e, char *out)
{
	size_t n = 0;

	if (e->state != EOD_OUT_START)
		n = put_line_end(out);
	out[n++] = '.';
	n += put_line_end(out + n);
	e->state = EOD_OUT_START;
	return n;
}
