/* SPDX-License-Identifier: ISC */

#include "net/nearer.h"

/* Preferences that no exchanger has: all addresses are better than the first. */
enum { ANY = 300000, NOT_ME = 100000 };

size_t nearer_usable(dns_list const *l, ipme const *me, int relay)
{
	unsigned int best = relay ? ANY : NOT_ME;
	size_t i;

	for (i = 0; i < l->n && !relay; i++)
		if (l->a[i].preference < best && ipme_has(me, l->a[i].ip.bytes, l->a[i].ip.len))
			best = l->a[i].preference;
	for (i = 0; i < l->n && l->a[i].preference < best; i++)
		;
	return i;
}
