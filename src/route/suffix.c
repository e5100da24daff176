/* SPDX-License-Identifier: ISC */

#include "route/suffix.h"

void suffix_start(suffix_search *s, char const *domain, size_t n, int with_empty)
{
	s->domain = domain;
	s->n = n;
	s->at = 0;
	s->left = 1;
	s->with_empty = with_empty || n == 0;
}

/* The next part to look for, from at on: with its length in *n, or null. */
static char const *next_part(suffix_search *s, size_t *n)
{
	while (s->at < s->n) {
		size_t at = s->at++;

		if (at == 0 || s->domain[at] == '.')
			return *n = s->n - at, s->domain + at;
	}
	*n = 0;
	return s->left-- > 0 && s->with_empty ? s->domain : 0;
}

constmap_entry const *suffix_next(suffix_search *s, constmap const *m)
{
	char const *part;
	size_t n;

	while (s->left > 0 && (part = next_part(s, &n))) {
		constmap_entry const *e = constmap_find(m, part, n);

		if (e)
			return e;
	}
	return 0;
}

constmap_entry const *suffix_find(constmap const *m, char const *domain, size_t n, int with_empty)
{
	suffix_search s;

	suffix_start(&s, domain, n, with_empty);
	return suffix_next(&s, m);
}
