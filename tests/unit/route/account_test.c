/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "route/account.h"

static void parts(void **state)
{
	static struct { char const *local; char const *want; } const rows[] = {
		{ "foo", "3 " }, { "foo-bar", "7 3 " }, { "foo-bar-baz", "11 7 3 " }, { "foo-", "4 3 " }, { "-", "1 0 " }, { "", "0 " },
		{ "--", "2 1 0 " },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t n = strlen(rows[i].local);
		size_t e = n + 1;
		char got[64] = "";

		print_message("'%s'\n", rows[i].local);
		while (account_next(&e, rows[i].local, n, '-'))
			snprintf(got + strlen(got), sizeof got - strlen(got), "%zu ", e);
		assert_string_equal(got, rows[i].want);
	}
}

static void name_limit(void **state)
{
	static char local[ACCOUNT_NAME_MAX + 4];
	size_t n;

	(void)state;
	memset(local, 'a', sizeof local);
	local[1] = '-';
	for (n = ACCOUNT_NAME_MAX - 1; n <= ACCOUNT_NAME_MAX + 1; n++) {
		size_t e = n + 1;

		if (n <= ACCOUNT_NAME_MAX)
			assert_true(account_next(&e, local, n, '-') && e == n);
		assert_true(account_next(&e, local, n, '-') && e == 1);
		assert_false(account_next(&e, local, n, '-'));
	}
}

static void judged(void **state)
{
	(void)state;
	assert_int_equal(account_judge(5, 0, 5), ACCOUNT_GETS);
	assert_int_equal(account_judge(5, 0, 6), ACCOUNT_STRANGER);
	assert_int_equal(account_judge(5, 0, 0), ACCOUNT_STRANGER);
	assert_int_equal(account_judge(0, 0, 0), ACCOUNT_ROOT);
	assert_int_equal(account_judge(0, EIO, 0), ACCOUNT_ROOT);
	assert_int_equal(account_judge(5, ENOENT, 5), ACCOUNT_HOMELESS);
	assert_int_equal(account_judge(5, EACCES, 5), ACCOUNT_HOMELESS);
	assert_int_equal(account_judge(5, EIO, 5), ACCOUNT_UNKNOWN);
}

int main(void)
{
	static struct CMUnitTest const tests[] = { cmocka_unit_test(parts), cmocka_unit_test(name_limit), cmocka_unit_test(judged) };

	return cmocka_run_group_tests(tests, 0, 0);
}
