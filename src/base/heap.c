/* SPDX-License-Identifier: ISC */

#include "base/heap.h"

#include <errno.h>
#include <stdlib.h>

enum { ROOM_MIN = 64 };

static int resize(heap *h, size_t room)
{
	heap_entry *p;

	if (room > SIZE_MAX / sizeof *p)
		return errno = ENOMEM, 0;
	p = realloc(h->entries, room * sizeof *p);
	if (!p)
		return 0;
	h->entries = p;
	h->room = room;
	return 1;
}

static int make_room(heap *h)
{
	if (h->n < h->room)
		return 1;
	return resize(h, h->room ? h->room + h->room / 2 : ROOM_MIN);
}

int heap_insert(heap *h, int64_t when, uint64_t id)
{
	size_t i;

	if (!make_room(h))
		return 0;
	for (i = h->n++; i > 0; i = (i - 1) / 2) {
		size_t parent = (i - 1) / 2;

		if (h->entries[parent].when <= when)
			break;
		h->entries[i] = h->entries[parent];
	}
	h->entries[i] = (heap_entry){ .when = when, .id = id };
	return 1;
}

heap_entry const *heap_min(heap const *h)
{
	return h->n ? &h->entries[0] : 0;
}

void heap_remove(heap *h)
{
	heap_entry last;
	size_t i = 0;

	if (!h->n)
		return;
	last = h->entries[--h->n];
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= h->n)
			break;
		if (child + 1 < h->n && h->entries[child + 1].when < h->entries[child].when)
			child++;
		if (last.when <= h->entries[child].when)
			break;
		h->entries[i] = h->entries[child];
		i = child;
	}
	h->entries[i] = last;
	/* A burst of mail must not hold its memory for the life of the daemon. Failing to shrink is no trouble. */
	if (h->room / 2 > ROOM_MIN && h->n < h->room / 4)
		(void)resize(h, h->room / 2);
}

void heap_all(heap *h, int64_t when)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		h->entries[i].when = when;
}

void heap_shift(heap *h, int64_t by)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		h->entries[i].when += by;
}

void heap_free(heap *h)
{
	free(h->entries);
	*h = (heap)HEAP_ZERO;
}
