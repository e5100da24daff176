/* SPDX-License-Identifier: ISC */

#ifndef ROUTE_SUFFIX_H
#define ROUTE_SUFFIX_H

#include <stddef.h>

#include "base/constmap.h"

/* suffix_find: the most specific entry for a domain: the domain itself, then each part of it that starts
 * with a dot, left to right (a.b.c, .b.c, .c), then, if with_empty, the empty string.
 * First hit wins; null when there is none. This order is what qmail calls a wildcard: .b.c covers a.b.c
 * but not b.c. Used for virtualdomains, smtproutes and rcpthosts. */
extern constmap_entry const *suffix_find(constmap const *m, char const *domain, size_t n, int with_empty);

/* The same search, one hit after another: the second and later ones are those that the first one beats. domain
 * must stay as it is. suffix_next: the next hit, or null when there is none left. */
typedef struct suffix_search
{
	char const *domain;
	size_t n;
	size_t at;              /* where the next part may start */
	int left;               /* the empty string is still to come */
	int with_empty;
} suffix_search;

extern void suffix_start(suffix_search *s, char const *domain, size_t n, int with_empty);
extern constmap_entry const *suffix_next(suffix_search *s, constmap const *m);

#endif
