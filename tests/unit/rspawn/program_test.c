/* SPDX-License-Identifier: ISC */

#include "rspawn/program.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void found(void **state)
{
	static struct { char const *name; char const *path; char const *expect; int e; } const cases[] =
	{
		{ "sh", "/bin", "/bin/sh", 0 },
		{ "sh", "/no/such:/bin:/usr/bin", "/bin/sh", 0 },
		{ "sh", "/etc:/etc/passwd:/bin", "/bin/sh", 0 },
		{ "sh", "/bin:", "/bin/sh", 0 },
		{ "sh", "/no/such", 0, ENOENT },
		{ "sh", "", 0, ENOENT },
		{ "passwd", "/etc", 0, EACCES },
		{ "passwd", "/etc:/no/such", 0, EACCES },
		{ "/any/thing", "/bin", "/any/thing", 0 },
		{ "any/thing", "/bin", "any/thing", 0 },
		{ "", "/bin", 0, ENOENT },
	};
	stralloc file = STRALLOC_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		int r = program_find(&file, cases[i].name, cases[i].path);

		assert_int_equal(r, cases[i].expect != 0);
		if (r)
			assert_string_equal(file.s, cases[i].expect);
		else
			assert_int_equal(errno, cases[i].e);
	}
	stralloc_free(&file);
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(found),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
