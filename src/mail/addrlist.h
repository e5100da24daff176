/* SPDX-License-Identifier: ISC */

#ifndef MAIL_ADDRLIST_H
#define MAIL_ADDRLIST_H

#include <stddef.h>

#include <skalibs/stralloc.h>

#include "mail/token822.h"

/* The addresses of a field (RFC 5322 3.4; addresses(5)).
 *
 * A list is read from right to left, because only then one knows what a word is when one meets it: an
 * address, a phrase before <...>, or a group name before a colon. Reading leaves marks on the tokens, and
 * printing goes by them; there is no second list. No recursion, linear time. */

/* Tokens from .. to-1 of a list, with or without the comments among them; chop: the last byte of the last
 * token (an atom) is left out. */
typedef struct addrlist_run
{
	token822_list const *list;
	size_t from, to;
	int comments;
	int chop;
} addrlist_run;

/* An address: the tokens of the field that make it up, then what was appended to complete it. */
enum { ADDRLIST_RUNS = 3 };
typedef struct addrlist_address
{
	addrlist_run run[ADDRLIST_RUNS];
	size_t n;
} addrlist_address;

/* What is to become of each address of a field before it is used; no failure. */
typedef void addrlist_rewriter(addrlist_address *a, void const *rules);

/* Who gets each address, already rewritten. 1, or 0 with errno to stop. */
typedef int addrlist_taker(void *data, addrlist_address const *a);

/* addrlist_walk: find the addresses in the tokens from first on, from right to left, and give each,
 * rewritten, to the taker (if not null).
 *
 * TOKEN822_BAD comes for stray < and >, a group inside a group, and a colon without a semicolon behind it that
 * has addresses before its phrase; the taker may have seen addresses to the right of that.
 * TOKEN822_LOOSE: the taker got all there are, but the list cannot be printed: what looks like the start of a group
 * without end and has nothing before it, or one address with > behind it but no <. */
extern token822_status addrlist_walk(token822_list *l, size_t first, addrlist_rewriter *rewrite, void const *rules,
	addrlist_taker *take, void *data);

/* addrlist_print: append *l, which addrlist_walk found good, to *sa with each address rewritten, comments
 * moved behind it, commas put between addresses that had none, and a line end. Blanks around the dots of a
 * phrase stay. Lines are folded after commas so that none is longer than width where that is possible. TOKEN822_LONG if that takes more than max
 * bytes (it is noticed after a token or two more), TOKEN822_FAILED if there is no memory. */
extern token822_status addrlist_print(stralloc *sa, token822_list const *l, size_t width, size_t max,
	addrlist_rewriter *rewrite, void const *rules);

/* addrlist_is_empty: whether there is nothing in it but comments. */
extern int addrlist_is_empty(addrlist_address const *a);

/* addrlist_text: append an address as it goes into an envelope: no quotes, no comments. 0: no memory. */
extern int addrlist_text(stralloc *sa, addrlist_address const *a);

#endif
