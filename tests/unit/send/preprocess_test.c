/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "send/preprocess.h"
#include "send/queuefile.h"

static char dir[] = "/tmp/preprocess_test.XXXXXX";
static int log_fd;
static preprocess entry;

static char const *const dirs[] = { "mess", "mess/0", "todo", "info", "info/0", "local", "local/0", "remote", "remote/0", "bounce" };

static int set_up(void **state)
{
	size_t i;
	int l[2];

	(void)state;
	if (!mkdtemp(dir) || chdir(dir) < 0)
		return -1;
	for (i = 0; i < sizeof dirs / sizeof *dirs; i++)
		if (mkdir(dirs[i], 0700) < 0)
			return -1;
	if (!queuefile_detect() || pipe(l) < 0 || dup2(l[1], 0) < 0)
		return -1;
	log_fd = l[0];
	return fcntl(log_fd, F_SETFL, O_NONBLOCK);
}

static int tear_down(void **state)
{
	(void)state;
	return chdir("/") == 0 && rm_rf(dir) == 0 ? 0 : -1;
}

static char const *said(void)
{
	static char s[4096];
	ssize_t n = read(log_fd, s, sizeof s - 1);

	s[n > 0 ? n : 0] = 0;
	return s;
}

static void write_file(char const *name, char const *s, size_t n)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, s, n), n);
	close(fd);
}

/* A scan that goes on while messages end meets names that are no more. Nobody has to do anything about it. */
static void what_has_gone(void **state)
{
	(void)state;
	assert_int_equal(preprocess_read(&entry, 7), 0);
	assert_false(entry.again);
	assert_string_equal(said(), "");
}

static void what_cannot_be_read(void **state)
{
	static char const envelope[] = "u1\0p2\0Fs@x\0";

	(void)state;
	assert_int_equal(symlink("nowhere", "todo/8"), 0);
	assert_int_equal(mkdir("todo/9", 0700), 0);
	write_file("todo/10", envelope, sizeof envelope - 1);
	assert_int_equal(preprocess_read(&entry, 8), 0);
	assert_string_equal(said(), "warning: unable to open todo/8\n");
	assert_int_equal(preprocess_read(&entry, 9), 0);
	assert_string_equal(said(), "warning: unable to open todo/9\n");
	/* its text is missing */
	assert_int_equal(preprocess_read(&entry, 10), 0);
	assert_string_equal(said(), "warning: unable to stat mess/0/10\n");
}

static void what_is_whole(void **state)
{
	static char const envelope[] = "u1\0p2\0Fs@x\0";

	(void)state;
	write_file("todo/11", envelope, sizeof envelope - 1);
	write_file("mess/0/11", "text\n", 5);
	assert_int_equal(preprocess_read(&entry, 11), sizeof envelope - 1);
	assert_true(entry.small);
	assert_int_equal(entry.lines.len, strlen("new msg 11\ninfo msg 11: bytes 5 from <s@x> qp 2 uid 1\n"));
	assert_string_equal(said(), "");
}

int main(void)
{
	struct CMUnitTest const tests[] = {
		cmocka_unit_test(what_has_gone),
		cmocka_unit_test(what_cannot_be_read),
		cmocka_unit_test(what_is_whole),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
