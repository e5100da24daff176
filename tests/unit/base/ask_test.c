/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include "base/ask.h"

static struct row
{
	char const *script;             /* null: the program itself is missing */
	ask_answer answer;
	char const *why;
} const rows[] = {
	{ "exit 0", ASK_YES, 0 },
	{ "exit 1", ASK_NO, 0 },
	{ "exit 99", ASK_NO, 0 },
	{ "exit 100", ASK_NO, 0 },
	{ "exit 110", ASK_NO, 0 },
	{ "exit 112", ASK_NO, 0 },
	{ "exit 255", ASK_NO, 0 },
	{ "exit 111", ASK_LATER, "temporary child error" },
	{ "kill -9 $$", ASK_LATER, "child crashed" },
	{ "kill -PIPE $$", ASK_LATER, "child crashed" },
	{ 0, ASK_LATER, "unable to run no-such-program: No such file or directory" },
};

static void answers(void **state)
{
	struct row const *c;
	stralloc why = STRALLOC_ZERO;

	(void)state;
	UNIT_EACH (c, rows) {
		char const *const argv[] = { c->script ? "sh" : "no-such-program", "-c", c->script, 0 };

		assert_int_equal(ask_program(argv, &why), c->answer);
		if (c->why)
			assert_string_equal(why.s, c->why);
	}
	stralloc_free(&why);
}

static void a_directory_is_no_program(void **state)
{
	char const *const argv[] = { "/", 0 };
	stralloc why = STRALLOC_ZERO;

	(void)state;
	assert_int_equal(ask_program(argv, &why), ASK_LATER);
	assert_string_equal(why.s, "unable to run /: Permission denied");
	stralloc_free(&why);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(a_directory_is_no_program),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
