/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include "base/moment.h"

char const *PROG = "moment_test";

static void conversions(void **state)
{
	static struct { struct timespec t; int64_t ms; } const cases[] = {
		{ { 0, 0 }, 0 }, { { 0, 999999 }, 0 }, { { 0, 1000000 }, 1 }, { { 1, 999999999 }, 1999 }, { { 2, 0 }, 2000 },
		{ { 4294967296, 5000000 }, INT64_C(4294967296005) },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct timespec back = moment_time(cases[i].ms);

		assert_int_equal(moment_of(cases[i].t), cases[i].ms);
		assert_int_equal(back.tv_sec, cases[i].t.tv_sec);
		assert_int_equal(back.tv_nsec, cases[i].t.tv_nsec / 1000000 * 1000000);
	}
}

static void clocks(void **state)
{
	int64_t const before = moment_now(CLOCK_MONOTONIC);
	int64_t const seconds = time(0);

	(void)state;
	assert_true(moment_now(CLOCK_MONOTONIC) >= before);
	assert_in_range(moment_now(CLOCK_REALTIME) / 1000, seconds - 1, seconds + 60);
}

int main(void)
{
	struct CMUnitTest const tests[] = {
		cmocka_unit_test(conversions),
		cmocka_unit_test(clocks),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
