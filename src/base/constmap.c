/* SPDX-License-Identifier: ISC */

#include "base/constmap.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static int compare_keys(char const *a, size_t alen, char const *b, size_t blen)
{
	size_t min = alen < blen ? alen : blen;
	int r = text_casecmp(a, b, min);

	if (r != 0)
		return r;
	return (alen > blen) - (alen < blen);
}

/* Equal keys sort with the last entry of the list first, so that dropping repeats keeps it. */
static int compare_entries(void const *a, void const *b)
{
	constmap_entry const *x = a;
	constmap_entry const *y = b;
	int r = compare_keys(x->key, x->keylen, y->key, y->keylen);

	if (r != 0)
		return r;
	return (x->index < y->index) - (x->index > y->index);
}

static void sort_unique(constmap *m)
{
	size_t kept = 0;
	size_t i = 0;

	if (m->n == 0)
		return;
	while (i + 1 < m->n && compare_entries(&m->entries[i], &m->entries[i + 1]) < 0)
		i++;
	if (i + 1 < m->n)
		qsort(m->entries, m->n, sizeof m->entries[0], compare_entries);
	for (i = 1; i < m->n; i++) {
		constmap_entry const *last = &m->entries[kept];
		constmap_entry const *e = &m->entries[i];

		if (compare_keys(last->key, last->keylen, e->key, e->keylen) != 0)
			m->entries[++kept] = *e;
	}
	m->n = kept + 1;
}

/* sep < 0: the whole entry is the key. */
static int build(constmap *m, control_list const *l, int sep)
{
	char const *s = l->entries.s;
	size_t i;

	m->n = 0;
	m->entries = l->n ? calloc(l->n, sizeof m->entries[0]) : 0;
	if (l->n && !m->entries)
		return 0;
	for (i = 0; i < l->n; i++) {
		size_t len = strlen(s);
		char const *split = sep < 0 ? s + len : memchr(s, sep, len);

		if (split) {
			char const *value = sep < 0 ? split : split + 1;

			m->entries[m->n++] = (constmap_entry){
				.key = s, .keylen = (size_t)(split - s),
				.value = value, .valuelen = (size_t)(s + len - value), .index = i,
			};
		}
		s += len + 1;
	}
	sort_unique(m);
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
	size_t low = 0;
	size_t high = m->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		constmap_entry const *e = &m->entries[middle];
		int r = compare_keys(key, n, e->key, e->keylen);

		if (r == 0)
			return e;
		if (r < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return 0;
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
	m->entries = 0;
	m->n = 0;
}
