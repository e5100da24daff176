/* SPDX-License-Identifier: ISC */

#include "mail/crlf.h"

#include <string.h>

size_t crlf_decode(crlf *t, char *out, char const *in, size_t n)
{
	size_t len = 0;
	size_t i = 0;

	while (i < n) {
		char const *cr;
		size_t m;

		if (t->cr && in[i] != '\n')
			out[len++] = '\r';
		cr = memchr(in + i, '\r', n - i);
		m = cr ? (size_t)(cr - (in + i)) : n - i;
		memmove(out + len, in + i, m);
		len += m;
		i += m;
		t->cr = cr != 0;
		if (cr)
			i++;
	}
	return len;
}

size_t crlf_end(crlf *t, char *out)
{
	if (!t->cr)
		return 0;
	t->cr = 0;
	*out = '\r';
	return 1;
}
