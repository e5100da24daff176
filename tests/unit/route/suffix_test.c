/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "route/suffix.h"

static control_list list;
static constmap m;

static void load(char const *lines)
{
	control_list_free(&list);
	constmap_free(&m);
	list = (control_list)CONTROL_LIST_ZERO;
	assert_true(control_list_parse(&list, lines, strlen(lines)));
	assert_true(constmap_map(&m, &list, ':'));
}

static int unload(void **state)
{
	(void)state;
	constmap_free(&m);
	control_list_free(&list);
	return 0;
}

static void order(void **state)
{
	static struct { char const *domain; int with_empty; char const *want; } const rows[] = {
		{ "a.b.c", 0, "exact" }, { "A.B.C", 0, "exact" }, { "x.b.c", 0, "sub" }, { "x.a.b.c", 0, "sub" },
		{ "b.c", 0, "top" }, { "c", 0, 0 }, { "c", 1, "all" }, { "b.c.", 0, "dot" }, { "x.c.", 0, 0 },
		{ "", 0, "all" }, { "", 1, "all" }, { ".", 0, 0 }, { ".b.c", 0, "sub" }, { "..c", 0, "top" },
	};
	size_t i;

	(void)state;
	load(":all\n.b.c:sub\n.c:top\na.b.c:exact\nb.c.:dot\n");
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		constmap_entry const *e = suffix_find(&m, rows[i].domain, strlen(rows[i].domain), rows[i].with_empty);

		print_message("'%s'\n", rows[i].domain);
		if (rows[i].want)
			assert_string_equal(e ? e->value : "none", rows[i].want);
		else
			assert_null(e);
	}
}

/* The keys of one hit after another. */
static void all_hits(void **state)
{
	static struct { char const *domain; int with_empty; char const *want; } const rows[] = {
		{ "A.b.c", 1, "exact sub top all " }, { "a.b.c", 0, "exact sub top " }, { "x.b.c", 1, "sub top all " },
		{ "c", 0, "" }, { "c", 1, "all " }, { "", 0, "all " }, { "", 1, "all " }, { ".b.c", 1, "sub top all " },
	};
	stralloc sa = STRALLOC_ZERO;
	size_t i;

	(void)state;
	load(":all\n.b.c:sub\n.c:top\na.b.c:exact\n");
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		suffix_search s;
		constmap_entry const *e;

		print_message("'%s'\n", rows[i].domain);
		sa.len = 0;
		suffix_start(&s, rows[i].domain, strlen(rows[i].domain), rows[i].with_empty);
		while ((e = suffix_next(&s, &m)))
			assert_true(stralloc_cats(&sa, e->value) && stralloc_append(&sa, ' '));
		assert_null(suffix_next(&s, &m));
		assert_true(stralloc_0(&sa));
		assert_string_equal(sa.s, rows[i].want);
	}
	stralloc_free(&sa);
}

int main(void)
{
	static struct CMUnitTest const tests[] = { cmocka_unit_test(order), cmocka_unit_test(all_hits) };

	return cmocka_run_group_tests(tests, 0, unload);
}
