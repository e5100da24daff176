/* SPDX-License-Identifier: ISC */

#include "mail/crlf.h"

#include "mail/plain.h"

size_t crlf_decode(crlf *t, char *out, char const *in, size_t n)
{
	size_t len = 0;
	size_t i = 0;

	while (i < n) {
		size_t m;

		if (t->cr && in[i] != '\n')
			out[len++] = '\r';
		m = plain_copy(out + len, in + i, n - i, '\r', '\r');
		len += m;
		i += m;
		t->cr = i < n;
		if (i < n)
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
