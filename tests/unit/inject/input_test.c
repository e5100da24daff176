/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "inject/input.h"

/* A pipe that gives these bytes, then its end. */
static int source(char const *s, size_t n)
{
	int p[2];

	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], s, n), (ssize_t)n);
	close(p[1]);
	return p[0];
}

static void lines(void **state)
{
	static struct row { char const *name; char const *in; size_t max; char const *want; } const rows[] = {
		{ "nothing", "", 10, "0" },
		{ "lines", "a\n\nb\n", 10, "1a\n1\n1b\n0" },
		{ "last line gets its end", "a\nb", 10, "1a\n1b\n0" },
		{ "exactly as long", "abc\nd\n", 4, "1abc\n1d\n0" },
		{ "one longer", "abcd\ne\n", 4, "2abcd1\n1e\n0" },
		{ "much longer", "abcdefghi\n", 4, "2abcd2efgh1i\n0" },
		{ "long and without end", "abcd", 4, "2abcd0" },
	};
	struct row const *r;
	stralloc line = STRALLOC_ZERO;
	stralloc got = STRALLOC_ZERO;
	static input in;

	(void)state;
	UNIT_EACH(r, rows) {
		int fd = source(r->in, strlen(r->in));
		input_status status;

		got.len = 0;
		input_init(&in, fd);
		do {
			status = input_line(&in, &line, r->max);
			assert_true(status >= 0);
			assert_true(stralloc_append(&got, (char)('0' + status)));
			if (status > 0)
				assert_true(stralloc_catb(&got, line.s, line.len));
		} while (status != INPUT_END);
		assert_true(stralloc_0(&got));
		if (strcmp(got.s, r->want))
			fail_msg("%s: %s", r->name, got.s);
		close(fd);
	}
	stralloc_free(&line);
	stralloc_free(&got);
}

static void rest(void **state)
{
	static input in;
	stralloc line = STRALLOC_ZERO;
	char const *s;
	size_t n;
	int fd = source("a\nb\0c", 5);

	(void)state;
	input_init(&in, fd);
	assert_int_equal(input_line(&in, &line, 10), INPUT_LINE);
	assert_int_equal(input_some(&in, &s, &n), INPUT_PART);
	assert_int_equal(n, 3);
	assert_memory_equal(s, "b\0c", 3);
	assert_int_equal(input_some(&in, &s, &n), INPUT_END);
	assert_int_equal(input_some(&in, &s, &n), INPUT_END);
	close(fd);
	stralloc_free(&line);
}

static void unreadable(void **state)
{
	static input in;
	stralloc line = STRALLOC_ZERO;
	char const *s;
	size_t n;
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	input_init(&in, p[1]);
	assert_int_equal(input_line(&in, &line, 10), INPUT_ERROR);
	input_init(&in, p[1]);
	assert_int_equal(input_some(&in, &s, &n), INPUT_ERROR);
	close(p[0]);
	close(p[1]);
	stralloc_free(&line);
}

static int setup(void **state)
{
	(void)state;
	return io_start() ? 0 : -1;
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(rest),
		cmocka_unit_test(unreadable),
	};

	return cmocka_run_group_tests(tests, setup, 0);
}
