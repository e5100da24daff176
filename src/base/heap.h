/* SPDX-License-Identifier: ISC */

#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

/* A priority queue of numbers by due time: 16 bytes an entry, O(log n) in and out. */
typedef struct heap_entry
{
	int64_t when;
	uint64_t id;
} heap_entry;

typedef struct heap
{
	heap_entry *entries;    /* [0] is the earliest; any order behind it */
	size_t n;
	size_t room;
} heap;
#define HEAP_ZERO { .entries = 0, .n = 0, .room = 0 }

/* heap_insert: 1, or 0 with errno (ENOMEM, the heap as it was). The same id may be in it twice. */
extern int heap_insert(heap *h, int64_t when, uint64_t id);

/* heap_min: the earliest entry, until the next change; null when the heap is empty. */
extern heap_entry const *heap_min(heap const *h);

/* heap_remove: take the earliest entry out; nothing when the heap is empty. Gives memory back by halves. */
extern void heap_remove(heap *h);

/* heap_all: every entry becomes due at the same time. */
extern void heap_all(heap *h, int64_t when);

/* heap_shift: every entry becomes due so much later, or earlier if by is negative. */
extern void heap_shift(heap *h, int64_t by);

extern void heap_free(heap *h);

#endif
