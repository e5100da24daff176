/* SPDX-License-Identifier: ISC */

#include "proto/kept.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void there_and_back(void **state)
{
	static char words[] = "a@h\0\0b@h";
	static char *const to[] = { words, words + 4, words + 5, 0 };
	static char *const none[] = { 0 };
	kept_request r = KEPT_REQUEST_ZERO;
	int ends[2];
	int p[2];
	int q[2];
	char c = 0;

	(void)state;
	assert_true(kept_pair(ends));
	assert_true(kept_is(ends[0]) && kept_is(ends[1]));
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(pipe2(q, O_CLOEXEC), 0);
	assert_false(kept_is(p[0]));
	assert_false(kept_is(-1));
	assert_false(kept_get(ends[1], &r));
	assert_true(kept_put(ends[0], "host", "", to, p[0], q[1]));
	assert_true(kept_get(ends[1], &r));
	assert_int_equal(r.n, 5);
	assert_string_equal(r.args[0], "host");
	assert_string_equal(r.args[1], "");
	assert_string_equal(r.args[2], "a@h");
	assert_string_equal(r.args[3], "");
	assert_string_equal(r.args[4], "b@h");
	assert_null(r.args[5]);
	assert_true(fcntl(r.message, F_GETFD) & FD_CLOEXEC && fcntl(r.output, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(r.output, "x", 1), 1);
	assert_int_equal(read(q[0], &c, 1), 1);
	assert_int_equal(c, 'x');
	close(r.message);
	close(r.output);

	assert_false(kept_done_get(ends[0]));
	assert_true(kept_done_put(ends[1]));
	assert_true(kept_done_get(ends[0]));
	assert_false(kept_done_get(ends[0]));

	/* no recipients, and no descriptors */
	assert_true(kept_put(ends[0], "host", "s", none, p[0], q[1]));
	assert_false(kept_get(ends[1], &r));
	assert_int_equal(send(ends[0], "host\0s\0r", 8, 0), 8);
	assert_false(kept_get(ends[1], &r));

	close(ends[1]);
	assert_false(kept_put(ends[0], "host", "s", to, p[0], q[1]));
	assert_false(kept_done_get(ends[0]));
	close(ends[0]);
	close(p[0]);
	close(p[1]);
	close(q[0]);
	close(q[1]);
	kept_free(&r);
}

static void limits(void **state)
{
	static char longest[KEPT_MAX];
	char *const to[] = { longest, 0 };
	kept_request r = KEPT_REQUEST_ZERO;
	int ends[2];

	(void)state;
	assert_true(kept_pair(ends));
	memset(longest, 'x', sizeof longest - 1);
	assert_false(kept_put(ends[0], "h", "", to, 0, 1));
	longest[KEPT_MAX - 4] = 0;
	assert_true(kept_put(ends[0], "h", "", to, 0, 1));
	assert_true(kept_get(ends[1], &r));
	assert_int_equal(strlen(r.args[2]), KEPT_MAX - 4);
	close(r.message);
	close(r.output);
	longest[KEPT_MAX - 4] = 'x';
	longest[KEPT_MAX - 3] = 0;
	assert_false(kept_put(ends[0], "h", "", to, 0, 1));
	kept_free(&r);
	close(ends[0]);
	close(ends[1]);
}

static void splitting(void **state)
{
	static struct { char const *s; size_t n; size_t args; } const cases[] =
	{
		{ "", 0, 0 }, { "a", 1, 0 }, { "a\0b\0", 4, 0 }, { "a\0b\0c", 5, 0 }, { "a\0b\0c\0", 6, 3 }, { "\0\0\0", 3, 3 },
		{ "a\0b\0c\0d\0", 8, 4 }, { "a\0b\0c\0d", 7, 0 },
	};
	kept_request r = KEPT_REQUEST_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(kept_split(&r, cases[i].s, cases[i].n), cases[i].args > 0);
		assert_int_equal(r.n, cases[i].args);
	}
	kept_free(&r);
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(limits),
		cmocka_unit_test(splitting),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
