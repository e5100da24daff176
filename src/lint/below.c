/* SPDX-License-Identifier: ISC */

#include "below.h"

#include <stdlib.h>

#include "base/text.h"

/* From the last byte on; of two that are the same so far the shorter one comes first. */
static int compare(char const *a, size_t an, char const *b, size_t bn)
{
	while (an && bn) {
		int r = (unsigned char)text_lower(a[--an]) - (unsigned char)text_lower(b[--bn]);

		if (r)
			return r;
	}
	return (an > bn) - (an < bn);
}

static int by_end(void const *a, void const *b)
{
	constmap_entry const *x = ((below_name const *)a)->e;
	constmap_entry const *y = ((below_name const *)b)->e;

	return compare(x->key, x->keylen, y->key, y->keylen);
}

int below_make(below *b, constmap const *m)
{
	size_t i;

	*b = (below)BELOW_ZERO;
	if (!m->n)
		return 1;
	b->names = calloc(m->n, sizeof *b->names);
	if (!b->names)
		return 0;
	b->n = m->n;
	for (i = 0; i < m->n; i++)
		b->names[i].e = &m->entries[i];
	qsort(b->names, b->n, sizeof *b->names, by_end);
	return 1;
}

/* The first name behind the suffix itself is the only one that need be looked at: what ends with it follows it. */
int below_has(below const *b, char const *suffix, size_t n)
{
	constmap_entry const *e;
	size_t low = 0;
	size_t high = b->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		e = b->names[middle].e;
		if (compare(e->key, e->keylen, suffix, n) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == b->n)
		return 0;
	e = b->names[low].e;
	return e->keylen > n && text_casecmp(e->key + e->keylen - n, suffix, n) == 0;
}

void below_free(below *b)
{
	free(b->names);
	*b = (below)BELOW_ZERO;
}
