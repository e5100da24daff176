/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/feed.h"

static int start(feed *f, char const *script)
{
	char const *const argv[] = { "sh", "-c", script, 0 };

	return feed_start(f, argv);
}

static void text_arrives_in_order(void **state)
{
	feed f;
	int p[2];
	int code = -1;

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], "three", 5), 5);
	close(p[1]);
	assert_true(start(&f, "test \"$(cat)\" = 'one two three'"));
	feed_put(&f, "one ", 4);
	feed_put(&f, "", 0);
	feed_put(&f, "two ", 4);
	assert_true(feed_copy(&f, p[0]));
	assert_int_equal(feed_end(&f, &code), 1);
	assert_int_equal(code, 0);
	close(p[0]);
}

static void exit_codes(void **state)
{
	feed f;
	int code = -1;

	(void)state;
	assert_true(start(&f, "exit 37"));
	assert_int_equal(feed_end(&f, &code), 1);
	assert_int_equal(code, 37);
	assert_true(start(&f, "kill -9 $$"));
	assert_int_equal(feed_end(&f, &code), 0);
}

/* More than a pipe holds, to a program that reads none of it. */
static void unread_text_is_no_trouble(void **state)
{
	static char block[65536];
	feed f;
	int i, code = -1;
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(start(&f, "exec <&-; exit 3"));
	for (i = 0; i < 16; i++)
		feed_put(&f, block, sizeof block);
	assert_true(feed_copy(&f, fd));
	assert_int_equal(feed_end(&f, &code), 1);
	assert_int_equal(code, 3);
	close(fd);
}

/* What cannot be read whole must not look whole: the program never sees the end. */
static void read_error_kills(void **state)
{
	feed f;
	int code = -1;
	int fd = open("/", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(start(&f, "cat > /dev/null; exit 0"));
	feed_put(&f, "half", 4);
	assert_false(feed_copy(&f, fd));
	assert_int_equal(errno, EISDIR);
	assert_int_equal(feed_end(&f, &code), 0);
	close(fd);
}

static void missing_program(void **state)
{
	char const *const argv[] = { "no-such-program", 0 };
	feed f;

	(void)state;
	assert_false(feed_start(&f, argv));
	assert_int_equal(errno, ENOENT);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(text_arrives_in_order),
		cmocka_unit_test(exit_codes),
		cmocka_unit_test(unread_text_is_no_trouble),
		cmocka_unit_test(read_error_kills),
		cmocka_unit_test(missing_program),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, 0, 0);
}
