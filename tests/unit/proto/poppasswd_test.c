/* SPDX-License-Identifier: ISC */

#include "proto/poppasswd.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static void lines(void **state)
{
	static struct { char const *line; poppasswd_status status; char const *problem; } const cases[] = {
		{ "", POPPASSWD_COMMENT, 0 },
		{ "# a:b:1:1:/", POPPASSWD_COMMENT, 0 },
		{ "a@b.example:$y$x:1:2:/h:", POPPASSWD_ACCOUNT, 0 },
		{ "a@b.example:$y$x:1:2:/h:Mail/a", POPPASSWD_ACCOUNT, 0 },
		{ "a:*:1:2:/h", POPPASSWD_ACCOUNT, 0 },
		{ "a b:*:4294967294:4294967294:/", POPPASSWD_ACCOUNT, 0 },
		{ "a:*:00007:2:/h", POPPASSWD_ACCOUNT, 0 },
		{ "\xe9@b:*:1:2:/h", POPPASSWD_ACCOUNT, 0 },
		{ ":*:1:2:/h:", POPPASSWD_BAD, "no name" },
		{ "a", POPPASSWD_BAD, "no hash" },
		{ "a::1:2:/h:", POPPASSWD_BAD, "no hash" },
		{ "a:*", POPPASSWD_BAD, "uid" },
		{ "a:*:0:2:/h:", POPPASSWD_BAD, "uid" },
		{ "a:*:4294967295:2:/h:", POPPASSWD_BAD, "uid" },
		{ "a:*:18446744073709551617:2:/h:", POPPASSWD_BAD, "uid" },
		{ "a:*:-1:2:/h:", POPPASSWD_BAD, "uid" },
		{ "a:*:1x:2:/h:", POPPASSWD_BAD, "uid" },
		{ "a:*:1:0:/h:", POPPASSWD_BAD, "gid" },
		{ "a:*:1::/h:", POPPASSWD_BAD, "gid" },
		{ "a:*:1:2", POPPASSWD_BAD, "home" },
		{ "a:*:1:2:h:", POPPASSWD_BAD, "home" },
		{ "a:*:1:2:/h:s:x", POPPASSWD_BAD, "six" },
		{ "a\tb:*:1:2:/h:s", POPPASSWD_BAD, "control" },
		{ "a:*:1:2:/h:s\r", POPPASSWD_BAD, "control" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		poppasswd_line l;
		char const *problem = "unset";

		assert_int_equal(poppasswd_parse(&l, cases[i].line, strlen(cases[i].line), &problem), cases[i].status);
		if (cases[i].problem)
			assert_non_null(strstr(problem, cases[i].problem));
		else
			assert_null(problem);
	}
}

static void name_length(void **state)
{
	char line[300];
	poppasswd_line l;
	char const *problem;

	(void)state;
	memset(line, 'n', sizeof line);
	memcpy(line + 255, ":*:1:1:/", 8);
	assert_int_equal(poppasswd_parse(&l, line, 263, &problem), POPPASSWD_ACCOUNT);
	memcpy(line + 255, "n:*:1:1:/", 9);
	assert_int_equal(poppasswd_parse(&l, line, 264, &problem), POPPASSWD_BAD);
}

static void there_and_back(void **state)
{
	static char const text[] = "Joe@B.Example:$y$x:1:2:/h:Mail";
	static char const data[] = "$y$x\0" "1\0" "2\0" "/h\0" "Mail";
	stralloc sa = STRALLOC_ZERO;
	poppasswd_line l;
	poppasswd_record r;
	char const *problem;
	size_t n;

	(void)state;
	assert_int_equal(poppasswd_parse(&l, text, sizeof text - 1, &problem), POPPASSWD_ACCOUNT);
	assert_true(poppasswd_format(&sa, &l));
	assert_int_equal(sa.len, sizeof text);
	assert_memory_equal(sa.s, text, sizeof text - 1);
	assert_int_equal(sa.s[sa.len - 1], '\n');
	assert_true(poppasswd_key(&sa, l.field[POPPASSWD_NAME], l.len[POPPASSWD_NAME]));
	assert_int_equal(sa.len, 13);
	assert_memory_equal(sa.s, "joe@b.example", 13);
	assert_true(poppasswd_data(&sa, &l));
	assert_int_equal(sa.len, sizeof data);
	assert_memory_equal(sa.s, data, sizeof data);
	assert_true(poppasswd_read(&r, sa.s, sa.len));
	assert_string_equal(r.hash, "$y$x");
	assert_int_equal(r.uid, 1);
	assert_int_equal(r.gid, 2);
	assert_string_equal(r.home, "/h");
	assert_string_equal(r.start, "Mail");
	/* cut anywhere, and with one byte too many, it is damaged */
	for (n = 0; n <= sizeof data + 1; n++) {
		char *copy = calloc(1, n + 1);

		memcpy(copy, data, n < sizeof data ? n : sizeof data);
		assert_int_equal(poppasswd_read(&r, copy, n), n == sizeof data);
		free(copy);
	}
	stralloc_free(&sa);
}

static void damaged_records(void **state)
{
	static struct { char const *data; size_t n; } const cases[] = {
		{ "h\0" "0\0" "2\0" "/h\0", 10 },
		{ "h\0" "1\0" "0\0" "/h\0", 10 },
		{ "h\0" "1\0" "2\0" "h\0", 9 },
		{ "h\0" "\0" "2\0" "/h\0", 9 },
		{ "h\0" "1x\0" "2\0" "/h\0", 11 },
	};
	size_t i;
	poppasswd_record r;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_false(poppasswd_read(&r, cases[i].data, cases[i].n));
	assert_true(poppasswd_read(&r, "h\0" "1\0" "2\0" "/h\0", 10));
	assert_string_equal(r.start, "");
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(name_length),
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(damaged_records),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
