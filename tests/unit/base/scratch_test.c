/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scratch.h"

static char dir[] = "/tmp/scratch_test.XXXXXX";

static void write_file(char const *name, char const *text, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* Empty and readable for all, whatever an earlier one left behind. */
static void fresh(void **state)
{
	struct stat st;
	int fd;

	(void)state;
	write_file("tmp", "left behind", 0600);
	fd = scratch_open("tmp");
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	close(fd);
	assert_int_equal(unlink("tmp"), 0);
}

static void refused(void **state)
{
	(void)state;
	write_file("precious", "x", 0644);
	assert_int_equal(symlink("precious", "tmp"), 0);
	assert_int_equal(scratch_open("tmp"), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(unlink("tmp"), 0);
	assert_int_equal(mkdir("tmp", 0755), 0);
	assert_int_equal(scratch_open("tmp"), -1);
	assert_int_equal(rmdir("tmp"), 0);
	assert_int_equal(scratch_open("nosuch/tmp"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(unlink("precious"), 0);
}

/* Each adds one to a number in table, by way of the scratch file: none of them gets lost, and none writes to
 * what has become the table. */
static void add_one(int i)
{
	char text[32] = "";
	int fd = scratch_open("tmp");
	int table;
	int n;

	if (fd < 0)
		_exit(1);
	if (i % 5 == 0) {
		unlink("tmp");
		_exit(0);
	}
	table = open("table", O_RDONLY | O_CLOEXEC);
	if (table < 0 || read(table, text, sizeof text - 1) < 1)
		_exit(2);
	usleep(1000);
	n = snprintf(text, sizeof text, "%d\n", atoi(text) + 1);
	if (write(fd, text, (size_t)n) != n || rename("tmp", "table") < 0)
		_exit(3);
	_exit(0);
}

static void many(void **state)
{
	enum { RUNS = 50 };
	char text[32] = "";
	int status;
	int fd;
	int i;

	(void)state;
	write_file("table", "0\n", 0644);
	for (i = 0; i < RUNS; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			add_one(i);
	}
	for (i = 0; i < RUNS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	fd = open("table", O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof text - 1) > 0);
	assert_int_equal(atoi(text), RUNS - RUNS / 5);
	close(fd);
	assert_int_equal(access("tmp", F_OK), -1);
	assert_int_equal(unlink("table"), 0);
}

static int enter(void **state)
{
	(void)state;
	return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	(void)state;
	return chdir("/") == 0 ? rmdir(dir) : -1;
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(fresh),
		cmocka_unit_test(refused),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
