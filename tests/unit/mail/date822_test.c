/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>
#include <time.h>

#include "mail/date822.h"

static void table(void **state)
{
	static struct { int64_t t; char const *date; char const *ctime; } const rows[] = {
		{ 0, "1 Jan 1970 00:00:00 -0000", "Thu Jan 01 00:00:00 1970" },
		{ -5, "1 Jan 1970 00:00:00 -0000", "Thu Jan 01 00:00:00 1970" },
		{ 951782399, "28 Feb 2000 23:59:59 -0000", "Mon Feb 28 23:59:59 2000" },
		{ 951868800, "1 Mar 2000 00:00:00 -0000", "Wed Mar 01 00:00:00 2000" },
		{ 2147483647, "19 Jan 2038 03:14:07 -0000", "Tue Jan 19 03:14:07 2038" },
		{ 2147483648, "19 Jan 2038 03:14:08 -0000", "Tue Jan 19 03:14:08 2038" },
		{ INT64_C(4294967296), "7 Feb 2106 06:28:16 -0000", "Sun Feb 07 06:28:16 2106" },
		{ INT64_C(253402300799), "31 Dec 9999 23:59:59 -0000", "Fri Dec 31 23:59:59 9999" },
		{ INT64_MAX, "31 Dec 9999 23:59:59 -0000", "Fri Dec 31 23:59:59 9999" },
	};
	char buf[DATE822_FMT];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t n = date822_fmt(buf, rows[i].t);

		assert_int_equal(n, strlen(rows[i].date));
		assert_memory_equal(buf, rows[i].date, n);
		n = date_ctime_fmt(buf, rows[i].t);
		assert_int_equal(n, strlen(rows[i].ctime));
		assert_memory_equal(buf, rows[i].ctime, n);
	}
}

static void zones(void **state)
{
	static struct { int64_t t; int east; char const *date; } const rows[] = {
		{ 0, 0, "1 Jan 1970 00:00:00 +0000" },
		{ 0, 60, "1 Jan 1970 01:00:00 +0100" },
		{ 86400, -1, "1 Jan 1970 23:59:00 -0001" },
		{ 951782399, 210, "29 Feb 2000 03:29:59 +0330" },
		{ 951782399, -285, "28 Feb 2000 19:14:59 -0445" },
		{ 951782399, 840, "29 Feb 2000 13:59:59 +1400" },
		{ INT64_MAX, 1439, "31 Dec 9999 23:58:59 +2359" },
		{ INT64_MIN, -60, "1 Jan 1970 00:00:00 -0100" },
		{ 0, -2147483647, "1 Jan 1970 00:00:00 -0207" },
	};
	char buf[DATE822_FMT];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t n = date822_zone_fmt(buf, rows[i].t, rows[i].east);

		assert_int_equal(n, strlen(rows[i].date));
		assert_memory_equal(buf, rows[i].date, n);
	}
}

/* Each day of 400 years against the C library. */
static void against_libc(void **state)
{
	char want[64];
	char got[DATE822_FMT];
	time_t t;

	(void)state;
	for (t = 43200; t < (time_t)400 * 366 * 86400; t += 86400) {
		struct tm tm;
		size_t n = date_ctime_fmt(got, t);

		gmtime_r(&t, &tm);
		assert_int_equal(strftime(want, sizeof want, "%a %b %d %H:%M:%S %Y", &tm), n);
		assert_memory_equal(got, want, n);
		n = date_stamp_fmt(got, t);
		assert_int_equal(strftime(want, sizeof want, "%Y%m%d%H%M%S", &tm), n);
		assert_memory_equal(got, want, n);
	}
}

static void stamps(void **state)
{
	char buf[DATE_STAMP_FMT + 1] = "";

	(void)state;
	assert_int_equal(date_stamp_fmt(buf, -1), DATE_STAMP_FMT);
	assert_string_equal(buf, "19700101000000");
	assert_int_equal(date_stamp_fmt(buf, INT64_MAX), DATE_STAMP_FMT);
	assert_string_equal(buf, "99991231235959");
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(zones),
		cmocka_unit_test(against_libc),
		cmocka_unit_test(stamps),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
