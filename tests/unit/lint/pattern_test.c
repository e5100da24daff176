/* SPDX-License-Identifier: ISC */

#include "lint/pattern.h"

#include "unit.h"

#include <string.h>

typedef struct row
{
	char const *name;
	unsigned int allowed;
	char const *good[6];
	char const *bad[10];
} row;

static void patterns(void **state)
{
	static row const rows[] =
	{
		{ "a domain alone", 0, { "a", "a.example", "x_y.example", "127.0.0.1" },
			{ "a b", " a", "a\t", "a@b", "@b", "*.b", ".b", "b.", "a..b", "\xc3\xa4.b" } },
		{ "a suffix", PATTERN_SUFFIX, { ".b", "a.b" }, { "..b", "*.b", "a@b", ".b.", "." } },
		{ "an address", PATTERN_ADDRESS | PATTERN_SUFFIX, { "a@b", "a@c@b", ".b", "b", "*@b" }, { "@b", "a@.b", "a@b.", "a@*.b", "a b@c" } },
		{ "all at a host", PATTERN_HOST, { "@b", "b" }, { "a@b", "@b." } },
		{ "empty", PATTERN_EMPTY, { "", "b" }, { " " } },
		{ "everything", PATTERN_STAR, { "*", "b" }, { "*b", "**" } },
		{ "a number in brackets", PATTERN_LITERAL, { "[192.0.2.1]", "[IPv6:::1]" }, { "a.b." } },
	};
	row const *c;

	(void)state;
	UNIT_EACH(c, rows) {
		char const *cure;
		size_t i;

		for (i = 0; i < 6 && c->good[i]; i++)
			if (pattern_problem(c->good[i], strlen(c->good[i]), c->allowed, &cure))
				fail_msg("%s: %s", c->name, c->good[i]);
		for (i = 0; i < 10 && c->bad[i]; i++)
			if (!pattern_problem(c->bad[i], strlen(c->bad[i]), c->allowed, &cure) || !*cure)
				fail_msg("%s: %s", c->name, c->bad[i]);
	}
}

/* No text of a problem or cure would be taken for two. */
static void texts(void **state)
{
	static char const *const bad[] = { "a b", "a@b", "@b", "*.b", ".b", "b.", "a..b", "\xff" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		char const *cure;
		char const *what = pattern_problem(bad[i], strlen(bad[i]), 0, &cure);

		assert_non_null(what);
		assert_null(strstr(what, ": "));
		assert_null(strstr(cure, ": "));
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(patterns),
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
