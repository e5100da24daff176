/* SPDX-License-Identifier: ISC */

#include "base/constmap.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

typedef struct constmap_slot
{
	uint32_t hash;
	uint32_t entry;         /* its index and 1; 0: the slot is free */
} constmap_slot;

/* FNV-1a of the key as it compares. Keys are the administrator's: nobody else can make them collide. */
static uint32_t hash_of(char const *s, size_t n)
{
	uint32_t h = 2166136261u;
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		h = (h ^ (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c)) * 16777619u;
	}
	return h;
}

/* The slot of a key, or the free one where it would be. */
static constmap_slot *slot_of(constmap const *m, uint32_t hash, char const *key, size_t n)
{
	size_t at;

	for (at = hash & m->mask; m->slots[at].entry; at = (at + 1) & m->mask) {
		constmap_entry const *e = &m->entries[m->slots[at].entry - 1];

		if (m->slots[at].hash == hash && e->keylen == n
		 && (memcmp(key, e->key, n) == 0 || text_casecmp(key, e->key, n) == 0))
			break;
	}
	return &m->slots[at];
}

/* Of equal keys the last one stays. */
static void add(constmap *m, constmap_entry const *e)
{
	uint32_t hash = hash_of(e->key, e->keylen);
	constmap_slot *slot = slot_of(m, hash, e->key, e->keylen);

	if (!slot->entry)
		*slot = (constmap_slot){ .hash = hash, .entry = (uint32_t)++m->n };
	m->entries[slot->entry - 1] = *e;
}

static int make_room(constmap *m, size_t n)
{
	size_t slots = 2;

	if (n >= UINT32_MAX)
		return errno = ENOMEM, 0;
	while (slots < 2 * n)
		slots *= 2;
	m->entries = calloc(n, sizeof m->entries[0]);
	m->slots = calloc(slots, sizeof m->slots[0]);
	m->mask = slots - 1;
	if (m->entries && m->slots)
		return 1;
	constmap_free(m);
	return errno = ENOMEM, 0;
}

/* sep < 0: the whole entry is the key. */
static int build(constmap *m, control_list const *l, int sep)
{
	char const *s = l->entries.s;
	size_t i;

	*m = (constmap)CONSTMAP_ZERO;
	if (l->n && !make_room(m, l->n))
		return 0;
	for (i = 0; i < l->n; i++) {
		size_t len = strlen(s);
		char const *split = sep < 0 ? s + len : memchr(s, sep, len);

		if (split) {
			char const *value = sep < 0 ? split : split + 1;

			add(m, &(constmap_entry){
				.key = s, .keylen = (size_t)(split - s),
				.value = value, .valuelen = (size_t)(s + len - value), .index = i,
			});
		}
		s += len + 1;
	}
	return 1;
}

int constmap_set(constmap *m, control_list const *l)
{
	return build(m, l, -1);
}

int constmap_map(constmap *m, control_list const *l, char sep)
{
	return build(m, l, (unsigned char)sep);
}

constmap_entry const *constmap_find(constmap const *m, char const *key, size_t n)
{
	constmap_slot const *slot = m->n ? slot_of(m, hash_of(key, n), key, n) : 0;

	return slot && slot->entry ? &m->entries[slot->entry - 1] : 0;
}

char const *constmap_misfit(control_list const *l, char sep, constmap_place *p)
{
	while (p->next < l->n) {
		char const *s = l->entries.s + p->at;
		size_t len = strlen(s);

		p->index = p->next++;
		p->at += len + 1;
		if (!memchr(s, sep, len))
			return s;
	}
	return 0;
}

void constmap_free(constmap *m)
{
	free(m->entries);
	free(m->slots);
	*m = (constmap)CONSTMAP_ZERO;
}
