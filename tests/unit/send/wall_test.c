/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include "send/wall.h"

enum { NOW = 1000000000, DAY = 86400, YEAR = 365 * DAY };

/* One history after the other: the module remembers. Each row: what the clocks show, and the jump seen. */
static void looks(void **state)
{
	static struct { int64_t wall; int64_t steady; int64_t jump; } const rows[] = {
		{ NOW, 5, 0 },
		{ NOW + 10, 15, 0 },
		{ NOW + 69, 15, 0 },                    /* 59 s: it may have been slewed */
		{ NOW + 70, 16, 0 },
		{ NOW + 131, 17, WALL_MINUTE },
		{ NOW + 72, 18, -WALL_MINUTE },
		{ NOW + 72 + DAY, 18 + DAY, 0 },        /* a day's sleep is none */
		{ NOW, 18 + DAY, -DAY - 72 },
		{ INT64_C(10) * YEAR + NOW, 18 + DAY, INT64_C(10) * YEAR },
		{ 0, 18 + DAY, -INT64_C(10) * YEAR - NOW },
		{ INT64_C(5000000000), 18 + DAY, INT64_C(5000000000) },         /* beyond 2106 */
		{ NOW, 18 + DAY, NOW - INT64_C(5000000000) },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(wall_look(rows[i].wall, rows[i].steady), rows[i].jump);
}

static int64_t shown = NOW;

static void set(int64_t by)
{
	shown += by;
	wall_look(shown, 18 + DAY);
}

static void ages(void **state)
{
	int i;

	(void)state;
	shown = NOW;
	assert_int_equal(wall_time(NOW - 5), NOW - 5);
	set(DAY);
	assert_int_equal(wall_time(NOW - 5), NOW - 5 + DAY);
	assert_int_equal(wall_time(NOW), NOW + DAY);
	assert_int_equal(wall_time(NOW + 1 + DAY), NOW + 1 + DAY);      /* it came after that */
	set(DAY);
	assert_int_equal(wall_time(NOW - 5), NOW - 5 + 2 * DAY);
	assert_int_equal(wall_time(NOW + DAY), NOW + 2 * DAY);
	set(-DAY - 100);
	assert_int_equal(wall_time(NOW - 5), NOW - 5 + DAY - 100);
	set(-10 * DAY);
	assert_int_equal(wall_time(NOW - 5), NOW - 5);
	/* more than can be told apart */
	shown = NOW;
	set(0);
	for (i = 0; i < 1000; i++)
		set(DAY);
	assert_int_equal(wall_time(NOW), NOW + 1000 * DAY);
	set(-1000 * DAY);
	assert_int_equal(wall_time(NOW), NOW);
}

int main(void)
{
	struct CMUnitTest const tests[] = {
		cmocka_unit_test(looks),
		cmocka_unit_test(ages),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
