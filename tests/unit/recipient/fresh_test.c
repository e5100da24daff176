/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <unistd.h>

#include "home.h"
#include "recipient/fresh.h"

static struct stat changed(long ms, long cs, long ns)
{
	return (struct stat){ .st_mtim = { .tv_sec = ms, .tv_nsec = ns }, .st_ctim = { .tv_sec = cs, .tv_nsec = ns } };
}

static void moments(void **state)
{
	static struct { char const *name; long m, c, ns; int fresh; } const rows[] = {
		{ "now", 1000, 1000, 500, 1 }, { "long ago", 10, 10, 0, 0 },
		{ "contents alone", 1000, 10, 500, 1 }, { "put back", 10, 1000, 500, 1 },
		{ "just not two seconds", 998, 998, 501, 1 }, { "two seconds", 998, 998, 500, 0 },
		{ "a little ahead", 1001, 1001, 0, 1 }, { "just not two seconds ahead", 1002, 1002, 499, 1 },
		{ "two seconds ahead", 1002, 1002, 500, 0 }, { "far ahead, and just written", 2000000000, 1000, 500, 1 },
		{ "written when the clock was ahead", 2000000000, 2000000000, 0, 0 },
	};
	struct timespec const now = { .tv_sec = 1000, .tv_nsec = 500 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct stat const st = changed(rows[i].m, rows[i].c, rows[i].ns);

		print_message("%s\n", rows[i].name);
		assert_int_equal(fresh_at(&st, now), rows[i].fresh);
	}
}

static void extremes(void **state)
{
	struct timespec const now = { .tv_sec = INT64_MAX, .tv_nsec = 999999999 };
	struct stat const st = changed(INT32_MIN, INT32_MIN, 0);

	(void)state;
	assert_int_equal(fresh_at(&st, now), 0);
	assert_int_equal(fresh_at(&(struct stat){ .st_mtim = now, .st_ctim = { .tv_sec = 0 } }, now), 1);
}

static void files(void **state)
{
	struct timespec const old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

	(void)state;
	assert_int_equal(fresh_file("control/locals"), 0);
	unit_write("control/locals", "");
	assert_int_equal(fresh_file("control/locals"), 1);
	/* what is put back with an old time has changed all the same */
	assert_int_equal(utimensat(AT_FDCWD, "control/locals", old, 0), 0);
	assert_int_equal(fresh_file("control/locals"), 1);
	assert_int_equal(fresh_file("control"), 1);
	assert_int_equal(fresh_file("/"), 0);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(moments),
		cmocka_unit_test(extremes),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, unit_home_make, unit_home_end);
}
