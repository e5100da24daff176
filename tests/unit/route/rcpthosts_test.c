/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "route/rcpthosts.h"

typedef struct tables
{
	control_list list;
	constmap map;
} tables;

static void add(control_list *l, char const *s)
{
	static size_t const line = 1;

	assert_true(stralloc_catb(&l->entries, s, strlen(s) + 1));
	assert_true(stralloc_catb(&l->lines, (char const *)&line, sizeof line));
	l->n++;
}

static void build(tables *t, char const *const *entries)
{
	*t = (tables){ .list = CONTROL_LIST_ZERO, .map = CONSTMAP_ZERO };
	for (; *entries; entries++)
		add(&t->list, *entries);
	assert_true(constmap_set(&t->map, &t->list));
}

static void drop(tables *t)
{
	constmap_free(&t->map);
	control_list_free(&t->list);
}

/* Stands for the cdb: knows more.example and .wide.example, and breaks at the key bad.example. */
static int more(void *data, char const *key, size_t n)
{
	size_t i;

	++*(size_t *)data;
	for (i = 0; i < n; i++)
		assert_false(key[i] >= 'A' && key[i] <= 'Z');
	if (n == 11 && memcmp(key, "bad.example", 11) == 0)
		return -1;
	return (n == 12 && memcmp(key, "more.example", 12) == 0) || (n == 13 && memcmp(key, ".wide.example", 13) == 0);
}

static void hosts(void **state)
{
	static char const *const entries[] = { "ok.example", ".wild.example", "Case.Example", " lead.example", 0 };
	static struct { char const *address; int small; int large; } const cases[] = {
		{ "a@ok.example", 1, 1 },
		{ "a@OK.eXample", 1, 1 },
		{ "a@case.example", 1, 1 },
		{ "a@sub.ok.example", 0, 0 },
		{ "a@xok.example", 0, 0 },
		{ "a@ok.example.", 0, 0 },
		{ "a@wild.example", 0, 0 },
		{ "a@x.wild.example", 1, 1 },
		{ "a@y.x.WILD.example", 1, 1 },
		{ "a@.wild.example", 1, 1 },
		{ "a@ lead.example", 1, 1 },
		{ "a@lead.example", 0, 0 },
		{ "a", 1, 1 },
		{ "", 1, 1 },
		{ "a@", 0, 0 },
		{ "@", 0, 0 },
		{ "a@.", 0, 0 },
		{ "a@b@ok.example", 1, 1 },
		{ "a@ok.example@other.example", 0, 0 },
		{ "a%other.example@ok.example", 1, 1 },
		{ "a@more.example", 0, 1 },
		{ "a@MORE.Example", 0, 1 },
		{ "a@x.more.example", 0, 0 },
		{ "a@wide.example", 0, 0 },
		{ "a@b.c.WIDE.example", 0, 1 },
		{ "a@bad.example", 0, -1 },
		{ "a@b.bad.example", 0, 0 },
	};
	tables t;
	size_t i, calls;

	(void)state;
	build(&t, entries);
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = strlen(cases[i].address);

		assert_int_equal(rcpthosts_allows(&t.map, 0, 0, cases[i].address, n), cases[i].small);
		calls = 0;
		assert_int_equal(rcpthosts_allows(&t.map, more, &calls, cases[i].address, n), cases[i].large);
		if (cases[i].small)
			assert_int_equal(calls, 0);
	}
	drop(&t);
}

static void long_hosts(void **state)
{
	static char const *const entries[] = { ".", 0 };
	char address[2 + 1024];
	tables t;
	size_t calls = 0;

	(void)state;
	build(&t, entries);
	memset(address, '.', sizeof address);
	address[1] = '@';
	assert_int_equal(rcpthosts_allows(&t.map, 0, 0, address, sizeof address - 1), RCPTHOSTS_YES);
	assert_int_equal(rcpthosts_allows(&t.map, 0, 0, address, sizeof address), RCPTHOSTS_NO);
	drop(&t);
	build(&t, entries + 1);
	assert_int_equal(rcpthosts_allows(&t.map, more, &calls, address, sizeof address - 1), RCPTHOSTS_NO);
	assert_int_equal(calls, 1023);
	drop(&t);
}

static void badmailfrom(void **state)
{
	static char const *const entries[] = { "spam@bad.example", "@worse.example", "nohost", 0 };
	static struct { char const *sender; int bad; } const cases[] = {
		{ "spam@bad.example", 1 },
		{ "SPAM@Bad.Example", 1 },
		{ "other@bad.example", 0 },
		{ "a@worse.example", 1 },
		{ "@worse.example", 1 },
		{ "a@b@WORSE.example", 1 },
		{ "a@sub.worse.example", 0 },
		{ "a@worse.example@fine.example", 0 },
		{ "worse.example", 0 },
		{ "nohost", 1 },
		{ "a@nohost", 0 },
		{ "", 0 },
		{ "@", 0 },
	};
	tables t;
	size_t i;

	(void)state;
	build(&t, entries);
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(rcpthosts_badmailfrom(&t.map, cases[i].sender, strlen(cases[i].sender)), cases[i].bad);
	drop(&t);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(hosts),
		cmocka_unit_test(long_hosts),
		cmocka_unit_test(badmailfrom),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
