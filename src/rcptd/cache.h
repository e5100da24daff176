/* SPDX-License-Identifier: ISC */

#ifndef RCPTD_CACHE_H
#define RCPTD_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/rcptd.h"

/* Answers about local addresses, for some seconds. Of a fixed size: whoever asks for a million addresses drives out
 * what he knows himself, and takes no memory. Answers to addresses that are longer than any real one are not kept. */

enum { CACHE_SETS = 1024, CACHE_WAYS = 4, CACHE_KEY_MAX = 254 };

/* How long an answer counts, in milliseconds: a new .qmail file, or a user's, is seen so soon. */
enum { CACHE_YES = 5000, CACHE_NO = 2000, CACHE_DOUBT = 2000 };

typedef struct cache_entry
{
	int64_t until;                  /* 0: none */
	char answer;
	unsigned char n;
	char key[CACHE_KEY_MAX];
} cache_entry;

typedef struct cache
{
	uint64_t seed;                  /* so that nobody knows which addresses drive out which */
	cache_entry entries[CACHE_SETS][CACHE_WAYS];
} cache;

/* Time is milliseconds on a clock that nobody sets. cache_find: 1 and *answer, or 0. cache_put: an answer in the place of
 * the one to the same address, or of the one that counts for the shortest time. cache_forget: all of them. */
extern int cache_find(cache const *c, char const *local, size_t n, int64_t now, rcptd_answer *answer);
extern void cache_put(cache *c, char const *local, size_t n, int64_t now, rcptd_answer answer);
extern void cache_forget(cache *c);

#endif
