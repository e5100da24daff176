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

#endif
