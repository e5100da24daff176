/* SPDX-License-Identifier: ISC */

#include "base/errtemp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void kinds(void **state)
{
	static struct { int e; int temporary; } const cases[] =
	{
		{ 0, 0 }, { ENOENT, 0 }, { EACCES, 0 }, { EPERM, 0 }, { ENOTDIR, 0 }, { ELOOP, 0 }, { EISDIR, 0 }, { -1, 0 },
		{ EMFILE, 1 }, { ENFILE, 1 }, { EIO, 1 }, { ENOMEM, 1 }, { EAGAIN, 1 }, { ESTALE, 1 }, { ENOSPC, 1 },
		{ ETXTBSY, 1 }, { ENOLCK, 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(errtemp(cases[i].e), cases[i].temporary);
}

static void programs(void **state)
{
	static struct { int e; int temporary; } const cases[] =
	{
		{ 0, 0 }, { EACCES, 0 }, { EPERM, 0 }, { E2BIG, 0 }, { EISDIR, 0 }, { ENAMETOOLONG, 0 },
		{ ENOENT, 1 }, { ENOTDIR, 1 }, { ELOOP, 1 }, { ENOEXEC, 1 }, { ELIBBAD, 1 }, { ETXTBSY, 1 }, { ENOMEM, 1 }, { EIO, 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(errtemp_exec(cases[i].e), cases[i].temporary);
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(kinds),
		cmocka_unit_test(programs),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
