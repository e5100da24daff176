/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include "base/text.h"

static void fold(void **state)
{
	int c;

	(void)state;
	for (c = 0; c < 256; c++) {
		char want = c >= 'A' && c <= 'Z' ? (char)(c + 32) : (char)c;

		assert_int_equal(text_lower((char)c), want);
	}
	assert_int_equal(text_casecmp("aBc", "AbC", 3), 0);
	assert_true(text_casecmp("abc", "abd", 3) < 0);
	assert_true(text_casecmp("\xe4", "a", 1) > 0);
	assert_int_equal(text_casecmp("x", "y", 0), 0);
	assert_true(text_caseequals("LOcal", 5, "local"));
	assert_false(text_caseequals("local", 4, "local"));
}

static void last(void **state)
{
	(void)state;
	assert_int_equal(text_rchr("a@b@c", 5, '@'), 3);
	assert_int_equal(text_rchr("abc", 3, '@'), 3);
	assert_int_equal(text_rchr("", 0, '@'), 0);
	assert_int_equal(text_rchr("@", 1, '@'), 0);
}

static void safe(void **state)
{
	stralloc sa = STRALLOC_ZERO;

	(void)state;
	assert_true(text_safe(&sa, "a b\nc%d\t\x7f\xff\0z~!", 14));
	assert_int_equal(sa.len, 14);
	assert_memory_equal(sa.s, "a_b/c_d____z~!", 14);
	assert_true(text_safe(&sa, "", 0));
	assert_int_equal(sa.len, 14);
	stralloc_free(&sa);
}

static void visible(void **state)
{
	stralloc sa = STRALLOC_ZERO;

	(void)state;
	assert_true(text_visible(&sa, "a b\n\\\0\x7f\xff~", 9));
	assert_true(text_visible(&sa, 0, 0) && stralloc_0(&sa));
	assert_string_equal(sa.s, "a b\\x0a\\\\\\x00\\x7f\\xff~");
	stralloc_free(&sa);
}

static void oneline(void **state)
{
	stralloc sa = STRALLOC_ZERO;

	(void)state;
	assert_true(text_oneline(&sa, "a\r\n b\t\0\xff\n", 9));
	assert_int_equal(sa.len, 9);
	assert_memory_equal(sa.s, "a   b\t\0\xff ", 9);
	assert_true(text_oneline(&sa, 0, 0));
	assert_int_equal(sa.len, 9);
	stralloc_free(&sa);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(fold),
		cmocka_unit_test(last),
		cmocka_unit_test(safe),
		cmocka_unit_test(visible),
		cmocka_unit_test(oneline),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
