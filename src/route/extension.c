/* SPDX-License-Identifier: ISC */

#include "route/extension.h"

#include <string.h>

#include "base/text.h"

enum { DEFAULT_LEN = 7 };
static char const default_word[] = "default";

static int terminated(stralloc *sa)
{
	if (!stralloc_0(sa))
		return 0;
	sa->len--;
	return 1;
}

int extension_safe(stralloc *sa, char const *ext, size_t n)
{
	size_t start = sa->len;
	size_t i;

	if (!stralloc_catb(sa, ext, n))
		return 0;
	text_lowerb(sa->s + start, n);
	for (i = start; i < sa->len; i++)
		if (sa->s[i] == '.')
			sa->s[i] = ':';
	return 1;
}

void extension_start(extension_search *x, char const *dash, size_t dashlen, char const *safe, size_t safelen)
{
	x->dash = dash;
	x->dashlen = dashlen;
	x->safe = safe;
	x->safelen = safelen;
	x->keep = safelen;
	x->is_default = 0;
	x->started = 0;
}

int extension_next(extension_search *x)
{
	if (!x->started)
		return x->started = 1;
	if (!x->is_default) {
		/* The whole of safe is the first cut if it is empty or ends with a dash. */
		x->is_default = 1;
	} else {
		if (x->keep == 0)
			return 0;
		x->keep--;
	}
	while (x->keep > 0 && x->safe[x->keep - 1] != '-')
		x->keep--;
	return 1;
}

int extension_file(extension_search const *x, stralloc *sa)
{
	return stralloc_copys(sa, ".qmail")
		&& stralloc_catb(sa, x->dash, x->dashlen)
		&& stralloc_catb(sa, x->safe, x->keep)
		&& (!x->is_default || stralloc_cats(sa, default_word))
		&& terminated(sa);
}

int extension_default(extension_search const *x, size_t *offset)
{
	if (x->is_default)
		return *offset = x->keep, 1;
	/* An address may spell the word out: list-default finds the file that also catches list-x. */
	if (x->safelen < DEFAULT_LEN || memcmp(x->safe + x->safelen - DEFAULT_LEN, default_word, DEFAULT_LEN) != 0)
		return 0;
	*offset = x->safelen - DEFAULT_LEN;
	return 1;
}

size_t extension_after(char const *ext, size_t n, unsigned int k)
{
	size_t i;

	for (i = 0; i < n && k > 0; i++)
		if (ext[i] == '-')
			k--;
	return i;
}

size_t extension_host(char const *host, size_t n, unsigned int k)
{
	while (k-- > 0)
		n = text_rchr(host, n, '.');
	return n;
}

int extension_owner(stralloc *sa, char const *dash, char const *safe, size_t safelen, int wildcard)
{
	return stralloc_copys(sa, ".qmail")
		&& stralloc_cats(sa, dash)
		&& stralloc_catb(sa, safe, safelen)
		&& stralloc_cats(sa, wildcard ? "-owner-default" : "-owner")
		&& terminated(sa);
}

int extension_keeps_sender(char const *sender)
{
	return !*sender || strcmp(sender, "#@[]") == 0;
}

int extension_newsender(stralloc *sa, char const *local, char const *host, int wildcard)
{
	return stralloc_copys(sa, local)
		&& stralloc_cats(sa, wildcard ? "-owner-@" : "-owner@")
		&& stralloc_cats(sa, host)
		&& (!wildcard || stralloc_cats(sa, "-@[]"))
		&& terminated(sa);
}
