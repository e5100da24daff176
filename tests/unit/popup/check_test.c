/* SPDX-License-Identifier: ISC */

#include "popup/check.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "proto/checkpassword.h"
#include "unit.h"

static void request(stralloc *sa, size_t n)
{
	stralloc name = STRALLOC_ZERO;
	stralloc secret = STRALLOC_ZERO;
	size_t i;

	assert_true(stralloc_copys(&name, "joe"));
	for (i = 0; i < n; i++)
		assert_true(stralloc_catb(&secret, "x", 1));
	assert_true(checkpassword_put(sa, &name, &secret, "<1.2@h>"));
	assert_int_equal(sa->len, 3 + n + 7 + 3);
	stralloc_free(&name);
	stralloc_free(&secret);
}

static void what_the_program_reads(void **state)
{
	static char const *const compare[] = { "sh", "-c",
		"test \"$(tr '\\000' '|' <&3)\" = 'joe|xxx|<1.2@h>|' && exec 3<&- && test ! -e /proc/self/fd/4", 0 };
	stralloc sa = STRALLOC_ZERO;
	char wiped[64] = "";

	(void)state;
	request(&sa, 3);
	assert_memory_equal(sa.s, "joe\0xxx\0<1.2@h>\0", 16);
	assert_int_equal(check_run(compare, &sa, 0), CHECK_DONE);
	assert_memory_equal(sa.s, wiped, 16);
	stralloc_free(&sa);
}

static void how_it_ends(void **state)
{
	static char const *const done[] = { "true", 0 };
	static char const *const failed[] = { "false", 0 };
	static char const *const temporary[] = { "sh", "-c", "exit 111", 0 };
	static char const *const crashed[] = { "sh", "-c", "kill -9 $$", 0 };
	static char const *const missing[] = { "/nonexistent/checkpassword", 0 };
	static char const *const nowhere[] = { "no-program-of-that-name", 0 };
	static char const *const directory[] = { "/tmp", 0 };
	static struct { char const *const *argv; check_status status; } const cases[] = {
		{ done, CHECK_DONE }, { failed, CHECK_FAILED }, { temporary, CHECK_FAILED }, { crashed, CHECK_CRASHED },
		{ missing, CHECK_FAILED }, { nowhere, CHECK_FAILED }, { directory, CHECK_FAILED },
	};
	size_t const lengths[] = { 1, 70000, 1 << 20 };
	size_t i;
	size_t k;

	/* A request that no pipe holds is no trouble with a program that does not read it. */
	(void)state;
	for (k = 0; k < sizeof lengths / sizeof lengths[0]; k++)
		for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
			stralloc sa = STRALLOC_ZERO;

			request(&sa, lengths[k]);
			assert_int_equal(check_run(cases[i].argv, &sa, 0), cases[i].status);
			stralloc_free(&sa);
		}
}

static int start(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(what_the_program_reads),
		cmocka_unit_test(how_it_ends),
	};

	return cmocka_run_group_tests(tests, start, 0);
}
