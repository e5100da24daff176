/* SPDX-License-Identifier: ISC */

#include "mail/crowded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct { char const *reply; int crowded; } const replies[] =
{
	{ "452 too many recipients\n", 1 },
	{ "552 too many\n", 1 },
	{ "452-\n", 1 },
	{ "452\n", 1 },
	{ "452", 1 },
	{ "4521", 0 },
	{ "252 ok\n", 0 },
	{ "352\n", 0 },
	{ "45", 0 },
	{ "", 0 },
	{ "550 5.1.1 unknown\n", 0 },
	{ "550 5.5.3 too many\n", 1 },
	{ "451 4.5.3 one at a time\n", 1 },
	{ "554-5.5.3\n", 1 },
	{ "451 4.5.3", 1 },
	{ "451 4.5.", 0 },
	{ "451 4.5.30 x\n", 0 },
	{ "451 4.5.3\n", 1 },
	{ "451 2.5.3 x\n", 0 },
	{ "250 4.5.3 x\n", 0 },
	{ "550 no\n452 x\n", 0 },
	{ "450 4.2.0 greylisted\n", 0 },
};

static void answers(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof replies / sizeof *replies; i++)
		assert_int_equal(crowded_is(replies[i].reply, strlen(replies[i].reply)), replies[i].crowded);
	assert_false(crowded_is("\0" "52", 3));
	assert_true(crowded_is("452\0", 4));
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(answers),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
