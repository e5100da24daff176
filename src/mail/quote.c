/* SPDX-License-Identifier: ISC */

#include "mail/quote.h"

#include <string.h>

#include "base/text.h"

static int is_special(unsigned char c)
{
	return c <= ' ' || c >= 127 || memchr("\"(),:;<>@[\\]", c, 12) != 0;
}

int quote_needed(char const *box, size_t n)
{
	size_t i;

	if (n == 0 || box[0] == '.' || box[n - 1] == '.')
		return 1;
	for (i = 0; i < n; i++) {
		if (is_special((unsigned char)box[i]))
			return 1;
		if (i > 0 && box[i] == '.' && box[i - 1] == '.')
			return 1;
	}
	return 0;
}

int quote_box(stralloc *sa, char const *box, size_t n)
{
	size_t i;

	if (!quote_needed(box, n))
		return stralloc_catb(sa, box, n);
	if (!stralloc_append(sa, '"'))
		return 0;
	for (i = 0; i < n; i++) {
		if (box[i] == '\r' || box[i] == '\n' || box[i] == '"' || box[i] == '\\')
			if (!stralloc_append(sa, '\\'))
				return 0;
		if (!stralloc_append(sa, box[i]))
			return 0;
	}
	return stralloc_append(sa, '"');
}

int quote_address(stralloc *sa, char const *address, size_t n)
{
	size_t at = text_rchr(address, n, '@');

	if (at == n)
		return stralloc_catb(sa, address, n);
	return quote_box(sa, address, at) && stralloc_catb(sa, address + at, n - at);
}
