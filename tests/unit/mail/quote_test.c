/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "mail/quote.h"

static void table(void **state)
{
	static struct { char const *in; size_t n; char const *want; } const rows[] = {
		{ "", 0, "" },
		{ "joe", 3, "joe" },
		{ "joe@example.com", 15, "joe@example.com" },
		{ "@host", 5, "\"\"@host" },
		{ "a b@host", 8, "\"a b\"@host" },
		{ "a@b@host", 8, "\"a@b\"@host" },
		{ ".a@h", 4, "\".a\"@h" },
		{ "a.@h", 4, "\"a.\"@h" },
		{ "a..b@h", 6, "\"a..b\"@h" },
		{ "a.b.c@h", 7, "a.b.c@h" },
		{ "a\"b\\c@h", 7, "\"a\\\"b\\\\c\"@h" },
		{ "a\rb\nc@h", 7, "\"a\\\rb\\\nc\"@h" },
		{ "a\x7f@h", 4, "\"a\x7f\"@h" },
		{ "\xe4@h", 3, "\"\xe4\"@h" },
		{ "!#$%&'*+-/=?^_`{|}~@h", 21, "!#$%&'*+-/=?^_`{|}~@h" },
		{ "no host, quoted or not", 22, "no host, quoted or not" },
	};
	stralloc sa = STRALLOC_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		sa.len = 0;
		assert_true(quote_address(&sa, rows[i].in, rows[i].n));
		assert_true(stralloc_0(&sa));
		assert_string_equal(sa.s, rows[i].want);
	}
	stralloc_free(&sa);
}

/* The rule byte by byte, as spec'd: which single characters need quotes in the middle of a box. */
static void each_byte(void **state)
{
	char box[3] = "axb";
	int c;

	(void)state;
	for (c = 0; c < 256; c++) {
		box[1] = (char)c;
		assert_int_equal(quote_needed(box, 3), c <= 32 || c >= 127 || strchr("\"(),:;<>@[\\]", c) != 0);
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(each_byte),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
