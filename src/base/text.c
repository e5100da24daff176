/* SPDX-License-Identifier: ISC */

#include "base/text.h"

#include <string.h>

char text_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

void text_lowerb(char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		s[i] = text_lower(s[i]);
}

int text_casecmp(char const *a, char const *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned char x = (unsigned char)text_lower(a[i]);
		unsigned char y = (unsigned char)text_lower(b[i]);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

int text_caseequals(char const *s, size_t n, char const *t)
{
	return strlen(t) == n && text_casecmp(s, t, n) == 0;
}

size_t text_rchr(char const *s, size_t n, char c)
{
	char const *found = n ? memrchr(s, (unsigned char)c, n) : 0;

	return found ? (size_t)(found - s) : n;
}

int text_safe(stralloc *sa, char const *s, size_t n)
{
	size_t i;

	if (!stralloc_readyplus(sa, n))
		return 0;
	for (i = 0; i < n; i++) {
		char c = s[i];

		if (c == '\n')
			c = '/';
		else if (c == '%' || c < 33 || c > 126)
			c = '_';
		sa->s[sa->len++] = c;
	}
	return 1;
}

static int put_hex(stralloc *sa, unsigned char c)
{
	static char const digits[] = "0123456789abcdef";
	char const hex[4] = { '\\', 'x', digits[c >> 4], digits[c & 15] };

	return stralloc_catb(sa, hex, sizeof hex);
}

int text_visible(stralloc *sa, char const *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		int ok = c == '\\' ? stralloc_cats(sa, "\\\\") : c < 32 || c > 126 ? put_hex(sa, c) : stralloc_append(sa, s[i]);

		if (!ok)
			return 0;
	}
	return 1;
}

int text_oneline(stralloc *sa, char const *s, size_t n)
{
	size_t i;

	if (!stralloc_readyplus(sa, n))
		return 0;
	for (i = 0; i < n; i++)
		sa->s[sa->len++] = s[i] == '\r' || s[i] == '\n' ? ' ' : s[i];
	return 1;
}
