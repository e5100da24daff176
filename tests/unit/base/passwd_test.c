/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "base/passwd.h"

static void same(passwd_field const *f, char const *s)
{
	assert_int_equal(f->n, strlen(s));
	assert_memory_equal(f->s, s, f->n);
}

static void accounts(void **state)
{
	static struct { char const *line; char const *name, *uid, *gid, *home; uint64_t number; } const cases[] = {
		{ "joe:x:501:601:Joe:/home/joe:/bin/sh", "joe", "501", "601", "/home/joe", 501 },
		{ "joe:x:501:601:Joe:/home/joe:", "joe", "501", "601", "/home/joe", 501 },
		{ "j::::::", "j", "", "", "", 0 },
		{ "j:x:00:0:::a:b:c", "j", "00", "0", "", 0 },
		{ "j:x:5x:6:g:h:s", "j", "5x", "6", "h", 5 },
		{ "j:x:18446744073709551615:6:g:h:s", "j", "18446744073709551615", "6", "h", UINT64_MAX },
		{ "j:x:18446744073709551616:6:g:h:s", "j", "18446744073709551616", "6", "h", UINT64_MAX },
		{ "j:x:-1:6:g:h:s", "j", "-1", "6", "h", 0 },
		{ "\xff:x:1:2::/:", "\xff", "1", "2", "/", 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		passwd_account a;

		assert_true(passwd_parse(&a, cases[i].line, strlen(cases[i].line)));
		same(&a.name, cases[i].name);
		same(&a.uid, cases[i].uid);
		same(&a.gid, cases[i].gid);
		same(&a.home, cases[i].home);
		assert_true(a.uid_number == cases[i].number);
	}
}

static void others(void **state)
{
	static char const line[] = "joe:x:501:601:Joe:/home/joe:/bin/sh";
	static char const nul[] = "joe:x:501:601:Joe:/home/joe:/bin/s\0h";
	passwd_account a;
	size_t n;

	(void)state;
	for (n = 0; n < sizeof line; n++)
		assert_int_equal(passwd_parse(&a, line, n), n > (size_t)(strrchr(line, ':') - line));
	assert_false(passwd_parse(&a, nul, sizeof nul - 1));
	assert_false(passwd_parse(&a, ":x:5:6:g:h:s", 12));
	assert_false(passwd_parse(&a, "", 0));
}

static void parts(void **state)
{
	static struct { char const *s; char const *parts[5]; } const cases[] = {
		{ "", { "", 0 } },
		{ ":", { "", "", 0 } },
		{ "a", { "a", 0 } },
		{ "a:", { "a", "", 0 } },
		{ ":a", { "", "a", 0 } },
		{ "a::b:", { "a", "", "b", "" } },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t at = 0;
		passwd_field f;

		for (k = 0; cases[i].parts[k]; k++) {
			assert_true(passwd_split(&f, cases[i].s, strlen(cases[i].s), &at));
			same(&f, cases[i].parts[k]);
		}
		assert_false(passwd_split(&f, cases[i].s, strlen(cases[i].s), &at));
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(accounts),
		cmocka_unit_test(others),
		cmocka_unit_test(parts),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
