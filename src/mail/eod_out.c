/* SPDX-License-Identifier: ISC */

#include "mail/eod_out.h"

#include "mail/plain.h"

static size_t put_line_end(char *out)
{
	out[0] = '\r';
	out[1] = '\n';
	return 2;
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
			size_t plain;

			if (e->state == EOD_OUT_START && s[i] == '.')
				out[len++] = '.';
			plain = plain_copy(out + len, s + i, n - i, '\r', '\n');
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
