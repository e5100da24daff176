/* SPDX-License-Identifier: ISC */

#include "cache.h"

#include <string.h>

static size_t set_of(cache const *c, char const *local, size_t n)
{
	uint64_t h = c->seed ^ 0xcbf29ce484222325;
	size_t i;

	for (i = 0; i < n; i++)
		h = (h ^ (unsigned char)local[i]) * 0x100000001b3;
	/* The low bits have seen the least. */
	return (size_t)((h ^ h >> 32) % CACHE_SETS);
}

static int is_for(cache_entry const *e, char const *local, size_t n)
{
	return e->until && e->n == n && memcmp(e->key, local, n) == 0;
}

int cache_find(cache const *c, char const *local, size_t n, int64_t now, rcptd_answer *answer)
{
	cache_entry const *e = c->entries[set_of(c, local, n)];
	size_t i;

	for (i = 0; i < CACHE_WAYS; i++)
		if (is_for(e + i, local, n) && e[i].until > now)
			return *answer = rcptd_answer_read(e[i].answer), 1;
	return 0;
}

static int64_t lifetime(rcptd_answer answer)
{
	return answer == RCPTD_YES ? CACHE_YES : answer == RCPTD_NO ? CACHE_NO : CACHE_DOUBT;
}

void cache_put(cache *c, char const *local, size_t n, int64_t now, rcptd_answer answer)
{
	cache_entry *e = c->entries[set_of(c, local, n)];
	cache_entry *place = e;
	size_t i;

	if (n > CACHE_KEY_MAX)
		return;
	for (i = 0; i < CACHE_WAYS; i++) {
		if (is_for(e + i, local, n)) {
			place = e + i;
			break;
		}
		if (e[i].until < place->until)
			place = e + i;
	}
	place->until = now + lifetime(answer);
	place->answer = (char)answer;
	place->n = (unsigned char)n;
	memcpy(place->key, local, n);
}

void cache_forget(cache *c)
{
	memset(c->entries, 0, sizeof c->entries);
}
