/* SPDX-License-Identifier: ISC */

#include "lint/below.h"

#include "unit.h"

#include <string.h>
#include <time.h>

#include <skalibs/types.h>

static int has(char const *names, char const *suffix)
{
	control_list l = CONTROL_LIST_ZERO;
	constmap m = CONSTMAP_ZERO;
	below b = BELOW_ZERO;
	int found;

	assert_true(control_list_parse(&l, names, strlen(names)));
	assert_true(constmap_set(&m, &l));
	assert_true(below_make(&b, &m));
	found = below_has(&b, suffix, strlen(suffix));
	below_free(&b);
	constmap_free(&m);
	control_list_free(&l);
	return found;
}

static void suffixes(void **state)
{
	static struct {
		char const *names;
		char const *suffix;
		int found;
	} const rows[] = {
		{ "", ".b", 0 },
		{ "a.b\n", ".b", 1 },
		{ "A.B\n", ".b", 1 },
		{ "a.b\n", ".B", 1 },
		{ ".b\n", ".b", 0 },
		{ "b\n", ".b", 0 },
		{ "ab\n", ".b", 0 },
		{ ".a.b\n", ".b", 1 },
		{ ".b\nx.c\na.b\n", ".b", 1 },
		{ "a.b.c\na.c\nz\n", ".b.c", 1 },
		{ "a.b.d\na.c\nz\n", ".b.c", 0 },
		{ "a.bb\na.ba\na.ab\n", ".b", 0 },
		{ "\xff.b\n", ".b", 1 },
		{ "a.b\n", "", 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		if (has(rows[i].names, rows[i].suffix) != rows[i].found)
			fail_msg("%s below %s", rows[i].names, rows[i].suffix);
}

/* Ten to the tenth compares would take a minute. */
static void many(void **state)
{
	enum { MANY = 100000, SECONDS = 10 };
	static char names[MANY * 16];
	control_list l = CONTROL_LIST_ZERO;
	constmap m = CONSTMAP_ZERO;
	below b = BELOW_ZERO;
	clock_t began = clock();
	size_t n = 0;
	unsigned int i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		names[n++] = 'n';
		n += uint_fmt(names + n, i);
		memcpy(names + n, ".org\n", 5);
		n += 5;
	}
	assert_true(control_list_parse(&l, names, n));
	assert_true(constmap_set(&m, &l));
	assert_true(below_make(&b, &m));
	for (i = 0; i < MANY; i++) {
		char suffix[32] = ".n";
		size_t len = 2 + uint_fmt(suffix + 2, i);

		memcpy(suffix + len, ".org", 4);
		assert_false(below_has(&b, suffix, len + 4));
	}
	assert_true(below_has(&b, ".org", 4));
	below_free(&b);
	constmap_free(&m);
	control_list_free(&l);
	assert_true(clock() - began < SECONDS * CLOCKS_PER_SEC);
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(suffixes),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
