/* SPDX-License-Identifier: ISC */

#ifndef SEND_QUOTA_H
#define SEND_QUOTA_H

#include <stddef.h>
#include <stdint.h>

#include <skalibs/stralloc.h>

/* How many deliveries are under way to a domain for which control/concurrencydomains has a line, or to an address
 * that has one of its own. Domains count each by itself, also those that one line is about; both channels count
 * together. Only what is under way or waited for takes memory. */

struct held;

typedef struct quota
{
	stralloc key;           /* the domain or address, in lower case */
	unsigned int limit;
	unsigned int used;
	struct held *first;     /* who waits, in order (send/held.h) */
	struct held *last;
	struct quota *next;     /* of all, in the order in which they were served last */
	struct quota *before;
	struct quota *beside;   /* the next with such a key */
} quota;

/* quota_find: that of recipient[0..n), or null: there is no limit. It stays until quota_forget finds that nothing is
 * under way and nobody waits. Waits for memory. quota_limited: whether there is one. */
extern quota *quota_find(char const *recipient, size_t n);
extern int quota_limited(char const *recipient, size_t n);
extern int quota_fits(quota const *q, char const *recipient, size_t n);
extern void quota_forget(quota *q);

/* quota_take: a delivery starts: what quota_give is to be told when it has ended; null, which quota_give takes as well,
 * when there is no limit. */
extern quota *quota_take(char const *recipient, size_t n);
extern void quota_give(quota *q);

/* quota_all: the first of all, and on by next: whom nobody has waited for comes first, and then who was served longest
 * ago. quota_served: it was just now. quota_reload: limits are what the file says now. */
extern quota *quota_all(void);
extern void quota_served(quota *q);
extern void quota_reload(void);

#endif
