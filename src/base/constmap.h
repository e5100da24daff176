/* SPDX-License-Identifier: ISC */

#ifndef BASE_CONSTMAP_H
#define BASE_CONSTMAP_H

#include <stddef.h>

#include "base/control.h"

/* A set or map of names that does not change once built; keys compare without regard to ASCII case.
 * It points into the list it was built from: the list must outlive it and stay as it is. */
typedef struct constmap_entry
{
	char const *key;
	size_t keylen;
	char const *value;      /* NUL-terminated; the empty string in a set */
	size_t valuelen;
	size_t index;           /* of the entry in the list: control_line tells where it stood */
} constmap_entry;

struct constmap_slot;

typedef struct constmap
{
	constmap_entry *entries;
	size_t n;
	struct constmap_slot *slots;    /* a hash table with open addresses, at least half empty */
	size_t mask;
} constmap;
#define CONSTMAP_ZERO { .entries = 0, .n = 0, .slots = 0, .mask = 0 }

/* constmap_set: the entries of l as keys.
 * constmap_map: each entry split at its first sep; entries without sep are left out (constmap_misfit
 * finds them). Of equal keys the last entry of the list counts.
 * Both return 1, or 0 with errno (no memory). A previous content of *m must have been freed. */
extern int constmap_set(constmap *m, control_list const *l);
extern int constmap_map(constmap *m, control_list const *l, char sep);

/* constmap_find: the entry whose key equals key[0..n), or null. No allocation. */
extern constmap_entry const *constmap_find(constmap const *m, char const *key, size_t n);

/* constmap_misfit: the next entry of l that has no sep; null when there is none left. A loop that starts with
 * *p as CONSTMAP_PLACE_ZERO sees them all, each entry once; control_line(l, p->index) is the line of the last. */
typedef struct constmap_place
{
	size_t next;            /* index of the entry to look at */
	size_t at;              /* where it is in l->entries */
	size_t index;           /* of the entry returned last */
} constmap_place;
#define CONSTMAP_PLACE_ZERO { .next = 0, .at = 0, .index = 0 }

extern char const *constmap_misfit(control_list const *l, char sep, constmap_place *p);

extern void constmap_free(constmap *m);

#endif
