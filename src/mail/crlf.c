/* SPDX-License-Identifier: ISC */

#include "mail/crlf.h"

size_t crlf_decode(crlf *t, char *out, char const *in, size_t n)
{
	size_t len = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (t->cr && in[i] != '\n')
			out[len++] = '\r';
		t->cr = in[i] == '\r';
		if (!t->cr)
			out[len++] = in[i];
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
