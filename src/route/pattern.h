/* SPDX-License-Identifier: ISC */

#ifndef ROUTE_PATTERN_H
#define ROUTE_PATTERN_H

#include <stddef.h>

#include "base/constmap.h"
#include "base/control.h"

/* Tables of lines pattern:value that say something about an address or a domain, matched as virtualdomains is:
 * control/queueroutes, queuelifetimes and domainips about senders, concurrencydomains about recipients. */

/* pattern_sender: what of the envelope sender s[0..*n) is looked up: without the -@[] that asks for VERP. 1, or 0:
 * it has no domain (a bounce, #@[] of a double bounce, a user alone), and no line is about it, not even the one
 * with an empty pattern. */
extern int pattern_sender(char const *s, size_t *n);

/* pattern_find: the line about an address s[0..n), or about a domain (what has no @): the address, its domain, each
 * part of the domain that starts with a dot from the longest on, the empty pattern. Null: none. */
extern constmap_entry const *pattern_find(constmap const *m, char const *s, size_t n);

/* pattern_misfit: the line of l without a colon that was meant for the same: it starts with the address, its domain or
 * a part of that with its dot, and goes on with a blank, tab or one of = , ; | instead of the colon. Of several the
 * one that says most; 1 and *index if that is more than the known bytes of the pattern that was found. */
extern int pattern_misfit(size_t *index, control_list const *l, char const *s, size_t n, size_t known);

/* pattern_choose: the line of a table about senders, of the lines l and the map m of them, that is about s[0..n): FOUND and
 * *e; or NOCOLON and the *index of one without a colon that was meant for it, and then nobody can know what it was to say;
 * or NOTHING. With star, the pattern * is about everybody no other line is about, also about those without a domain. */
typedef enum pattern_choice { PATTERN_NOTHING, PATTERN_FOUND, PATTERN_NOCOLON } pattern_choice;
extern pattern_choice pattern_choose(constmap_entry const **e, size_t *index, control_list const *l, constmap const *m,
	char const *s, size_t n, int star);

#endif
