/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "route/suffix.h"

static void order(void **state)
{
	static constmap_entry entries[] = {     /* sorted by key, as constmap keeps them */
		{ .key = "", .keylen = 0, .value = "all" },
		{ .key = ".b.c", .keylen = 4, .value = "sub" },
		{ .key = ".c", .keylen = 2, .value = "top" },
		{ .key = "a.b.c", .keylen = 5, .value = "exact" },
		{ .key = "b.c.", .keylen = 4, .value = "dot" },
	};
	static constmap const m = { .entries = entries, .n = sizeof entries / sizeof entries[0] };
	static struct { char const *domain; int with_empty; char const *want; } const rows[] = {
		{ "a.b.c", 0, "exact" }, { "A.B.C", 0, "exact" }, { "x.b.c", 0, "sub" }, { "x.a.b.c", 0, "sub" },
		{ "b.c", 0, "top" }, { "c", 0, 0 }, { "c", 1, "all" }, { "b.c.", 0, "dot" }, { "x.c.", 0, 0 },
		{ "", 0, "all" }, { "", 1, "all" }, { ".", 0, 0 }, { ".b.c", 0, "sub" }, { "..c", 0, "top" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		constmap_entry const *e = suffix_find(&m, rows[i].domain, strlen(rows[i].domain), rows[i].with_empty);

		print_message("'%s'\n", rows[i].domain);
		if (rows[i].want)
			assert_string_equal(e ? e->value : "none", rows[i].want);
		else
			assert_null(e);
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = { cmocka_unit_test(order) };

	return cmocka_run_group_tests(tests, 0, 0);
}
