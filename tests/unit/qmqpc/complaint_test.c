/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "qmqpc/complaint.h"

static int fd[2];

/* A pipe whose own numbers are out of the way of those under test. */
static int enter(void **state)
{
	int i;

	(void)state;
	if (pipe(fd) < 0)
		return -1;
	for (i = 0; i < 2; i++) {
		int high = fcntl(fd[i], F_DUPFD, 30);

		if (high < 0)
			return -1;
		close(fd[i]);
		fd[i] = high;
	}
	close(4);
	close(6);
	close(9);
	unsetenv("ERROR_FD");
	return 0;
}

static int leave(void **state)
{
	(void)state;
	close(fd[0]);
	close(fd[1]);
	return 0;
}

static void where(void **state)
{
	(void)state;
	assert_int_equal(complaint_find(), -1);
	assert_int_equal(dup2(fd[0], 6), 6);
	assert_int_equal(complaint_find(), -1);
	assert_int_equal(dup2(fd[1], 4), 4);
	assert_int_equal(complaint_find(), 4);
	assert_int_equal(dup2(fd[1], 6), 6);
	assert_int_equal(complaint_find(), 6);
	setenv("ERROR_FD", "9", 1);
	assert_int_equal(complaint_find(), 6);
	assert_int_equal(dup2(fd[1], 9), 9);
	assert_int_equal(complaint_find(), 9);
	setenv("ERROR_FD", "9x", 1);
	assert_int_equal(complaint_find(), 6);
	setenv("ERROR_FD", "1", 1);
	assert_int_equal(complaint_find(), 6);
	close(6);
	assert_int_equal(dup2(open("/dev/null", O_WRONLY), 6), 6);
	assert_int_equal(complaint_find(), 4);
}

static void what(void **state)
{
	char text[400], got[400];

	(void)state;
	memset(text, 'x', sizeof text);
	assert_int_equal(complaint_make(-1, 'D', "abc", 3), 0);
	assert_int_equal(complaint_make(fd[1], 'D', "a", 1), 0);
	assert_int_equal(complaint_make(fd[1], 'D', "ab", 2), 1);
	assert_int_equal(read(fd[0], got, sizeof got), 3);
	assert_memory_equal(got, "Dab", 3);
	assert_int_equal(complaint_make(fd[1], 'Z', text, sizeof text), 1);
	assert_int_equal(read(fd[0], got, sizeof got), 255);
	assert_memory_equal(got, "Zx", 2);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test_setup_teardown(where, enter, leave),
		cmocka_unit_test_setup_teardown(what, enter, leave),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
