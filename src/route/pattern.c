/* SPDX-License-Identifier: ISC */

#include "route/pattern.h"

#include <string.h>

#include "base/text.h"
#include "route/suffix.h"

static char const VERP[] = "-@[]";
enum { VERPLEN = sizeof VERP - 1 };

/* Where the domain of an address starts; what has no @ is one. */
static size_t domain_of(char const *s, size_t n)
{
	size_t at = text_rchr(s, n, '@');

	return at < n ? at + 1 : 0;
}

int pattern_sender(char const *s, size_t *n)
{
	size_t at;

	if (*n >= VERPLEN && memcmp(s + *n - VERPLEN, VERP, VERPLEN) == 0)
		*n -= VERPLEN;
	at = text_rchr(s, *n, '@');
	return at < *n && *n - at > 1 && text_caseequals(s + at, *n - at, "@[]") == 0;
}

constmap_entry const *pattern_find(constmap const *m, char const *s, size_t n)
{
	size_t domain = domain_of(s, n);
	constmap_entry const *e = domain ? constmap_find(m, s, n) : 0;

	return e ? e : suffix_find(m, s + domain, n - domain, 1);
}

/* How many bytes of the line are the pattern it was meant to have, or 0. */
static size_t meant_for(char const *line, char const *s, size_t n, size_t domain)
{
	size_t len = strcspn(line, " \t=,;|");
	int whole = len == n || len == n - domain;

	if (!line[len] || len == 0 || len > n || (!whole && (line[0] != '.' || len > n - domain)))
		return 0;
	return text_casecmp(line, s + n - len, len) == 0 ? len : 0;
}

int pattern_misfit(size_t *index, control_list const *l, char const *s, size_t n, size_t known)
{
	size_t domain = domain_of(s, n);
	constmap_place p = CONSTMAP_PLACE_ZERO;
	char const *line;
	int found = 0;

	while ((line = constmap_misfit(l, ':', &p))) {
		size_t len = meant_for(line, s, n, domain);

		if (len > known) {
			known = len;
			*index = p.index;
			found = 1;
		}
	}
	return found;
}

pattern_choice pattern_choose(constmap_entry const **e, size_t *index, control_list const *l, constmap const *m,
	char const *s, size_t n, int star)
{
	int has_domain = pattern_sender(s, &n);

	*e = has_domain ? pattern_find(m, s, n) : 0;
	if (has_domain && pattern_misfit(index, l, s, n, *e ? (*e)->keylen : 0))
		return PATTERN_NOCOLON;
	if (!*e && star)
		*e = constmap_find(m, "*", 1);
	return *e ? PATTERN_FOUND : PATTERN_NOTHING;
}
