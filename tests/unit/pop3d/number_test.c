/* SPDX-License-Identifier: ISC */

#include "pop3d/number.h"

#include <string.h>

#include "unit.h"

static void numbers(void **state)
{
	static struct { char const *in; size_t used; size_t value; } const cases[] = {
		{ "", 0, 0 }, { "x", 0, 0 }, { "-1", 0, 0 }, { "+1", 0, 0 }, { " 1", 0, 0 },
		{ "0", 1, 0 }, { "7", 1, 7 }, { "0012", 4, 12 }, { "12x", 2, 12 }, { "1 2", 1, 1 }, { "1\r", 1, 1 },
		{ "18446744073709551614", 20, SIZE_MAX - 1 },
		{ "18446744073709551615", 20, SIZE_MAX },
		{ "18446744073709551616", 20, SIZE_MAX },
		{ "99999999999999999999999999", 26, SIZE_MAX },
		{ "\xb1", 0, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t value = 99;

		assert_int_equal(number_scan(cases[i].in, strlen(cases[i].in), &value), cases[i].used);
		assert_true(value == cases[i].value);
	}
	assert_int_equal(number_scan("123", 2, &i), 2);
	assert_int_equal(i, 12);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
