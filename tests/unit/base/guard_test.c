/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <sys/resource.h>

#include "base/guard.h"

static rlim_t limit(void)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_DATA, &r), 0);
	return r.rlim_cur;
}

/* Set and lifted, as often as one likes; never raised. (A build with the address sanitizer sets none.) */
static void set_and_lifted(void **state)
{
	rlim_t const ours = (rlim_t)GUARD_MEBIBYTES << 20;
	rlim_t before = limit();

	(void)state;
	guard_lift();
	assert_true(limit() == before);
	guard_set();
	assert_true(limit() == before || limit() == ours);
	assert_true(limit() <= before);
	guard_set();
	guard_lift();
	assert_true(limit() == before);
}

static void a_lower_one_stays(void **state)
{
	struct rlimit before, low;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_DATA, &before), 0);
	low = before;
	low.rlim_cur = ((rlim_t)GUARD_MEBIBYTES << 20) - 1;
	assert_int_equal(setrlimit(RLIMIT_DATA, &low), 0);
	guard_set();
	assert_true(limit() == low.rlim_cur);
	guard_lift();
	assert_true(limit() == low.rlim_cur);
	assert_int_equal(setrlimit(RLIMIT_DATA, &before), 0);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(set_and_lifted),
		cmocka_unit_test(a_lower_one_stays),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
