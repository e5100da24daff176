/* SPDX-License-Identifier: ISC */

#include "send/policy.h"

#include <limits.h>
#include <string.h>

#include "base/constmap.h"
#include "base/control.h"
#include "route/pattern.h"
#include "send/log.h"

typedef struct table
{
	char const *file;
	control_list list;
	constmap map;
	int unremarked;
} table;

enum { LIFETIMES, CONCURRENCY, TABLES };

static table tables[TABLES] = {
	[LIFETIMES] = { .file = "control/queuelifetimes" },
	[CONCURRENCY] = { .file = "control/concurrencydomains" },
};

static unsigned int generation;

static int is_same(control_list const *a, control_list const *b)
{
	size_t n = a->entries.len;

	return n == b->entries.len && (n == 0 || memcmp(a->entries.s, b->entries.s, n) == 0);
}

static void drop(table *t)
{
	constmap_free(&t->map);
	control_list_free(&t->list);
}

int policy_load(char const **failed)
{
	table fresh[TABLES];
	int ok = 1;
	int i;

	for (i = 0; i < TABLES; i++)
		fresh[i] = (table){ .file = tables[i].file, .unremarked = 1 };
	for (i = 0; i < TABLES && ok; i++) {
		*failed = fresh[i].file;
		ok = control_readlist(&fresh[i].list, fresh[i].file, 0) != CONTROL_ERROR && constmap_map(&fresh[i].map, &fresh[i].list, ':');
	}
	if (ok && !is_same(&tables[CONCURRENCY].list, &fresh[CONCURRENCY].list))
		generation++;
	for (i = 0; i < TABLES; i++) {
		drop(ok ? &tables[i] : &fresh[i]);
		if (ok)
			tables[i] = fresh[i];
	}
	return ok;
}

unsigned int policy_generation(void)
{
	return generation;
}

/* The number of an entry. One that has none is remarked on, and holds for nobody. */
static int number(constmap_entry const *e, unsigned int *n)
{
	return e && control_number(n, e->value, e->valuelen) == CONTROL_READ;
}

unsigned int policy_lifetime(char const *sender, size_t n, unsigned int otherwise)
{
	unsigned int seconds;

	if (tables[LIFETIMES].map.n == 0 || !pattern_sender(sender, &n))
		return otherwise;
	return number(pattern_find(&tables[LIFETIMES].map, sender, n), &seconds) ? seconds : otherwise;
}

unsigned int policy_concurrency(char const *recipient, size_t n, int *whole)
{
	constmap_entry const *e;
	unsigned int limit;

	if (tables[CONCURRENCY].map.n == 0)
		return UINT_MAX;
	e = pattern_find(&tables[CONCURRENCY].map, recipient, n);
	*whole = e && e->keylen && memchr(e->key, '@', e->keylen);
	return number(e, &limit) ? limit : UINT_MAX;
}

static void remark_line(table const *t, size_t i, char const *entry)
{
	log_text("warning: ");
	log_text(t->file);
	log_text(" line ");
	log_number(control_line(&t->list, i));
	log_text(": ");
	log_safe(entry, strlen(entry));
	log_text(" counts for nothing; write pattern:number, then send HUP");
	log_end();
}

void policy_remark(void)
{
	table *t;

	for (t = tables; t < tables + TABLES; t++) {
		char const *s = t->list.entries.s;
		size_t i;

		for (i = 0; i < t->list.n && t->unremarked; i++, s += strlen(s) + 1) {
			char const *colon = strchr(s, ':');

			if (!colon || colon[1] < '0' || colon[1] > '9')
				remark_line(t, i, s);
		}
		t->unremarked = 0;
	}
}
