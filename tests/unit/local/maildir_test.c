/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "local/maildir.h"

static void names(void **state)
{
	static struct row { maildir_birth birth; char const *tmp, *name; } const rows[] = {
		{ { .sec = 1700000000, .usec = 5, .pid = 42, .dev = 0xfe00, .ino = 0xabc, .size = 0, .host = "h.example" },
			"1700000000.M5P42Q1.h.example", "1700000000.M5P42Vfe00Iabc.h.example,S=0" },
		{ { .sec = 1, .usec = 999999, .pid = 4194304, .dev = 1, .ino = (ino_t)-1, .size = UINT64_MAX, .host = "a/b:c" },
			"1.M999999P4194304Q1.a\\057b\\072c",
			"1.M999999P4194304V1Iffffffffffffffff.a\\057b\\072c,S=18446744073709551615" },
	};
	struct row const *c;
	stralloc sa = STRALLOC_ZERO;

	(void)state;
	UNIT_EACH (c, rows) {
		sa.len = 0;
		assert_true(maildir_tmpname(&sa, &c->birth, 1) && stralloc_0(&sa));
		assert_string_equal(sa.s, c->tmp);
		sa.len = 0;
		assert_true(maildir_name(&sa, &c->birth) && stralloc_0(&sa));
		assert_string_equal(sa.s, c->name);
	}
	stralloc_free(&sa);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
