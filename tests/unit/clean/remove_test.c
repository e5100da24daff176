/* SPDX-License-Identifier: ISC */

#include "clean/remove.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static char root[] = "/tmp/remove_test.XXXXXX";
static char const *const dirs[] = { "pid", "intd", "todo", "mess", "mess/0", "mess/1" };
enum { DIRS = sizeof dirs / sizeof dirs[0] };

static int setup(void **state)
{
	size_t i;

	(void)state;
	if (!mkdtemp(root) || chdir(root) < 0)
		return -1;
	for (i = 0; i < DIRS; i++)
		if (mkdir(dirs[i], 0700) < 0)
			return -1;
	return 0;
}

static int teardown(void **state)
{
	size_t i;

	(void)state;
	for (i = DIRS; i > 0; i--)
		rmdir(dirs[i - 1]);
	return chdir("/") < 0 || rmdir(root) < 0 ? -1 : 0;
}

static void put_file(char const *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

/* Whether it was there; it is not afterwards. */
static int take(char const *name)
{
	return unlink(name) == 0;
}

static qpath_layout const layout = { .split = 2, .big_todo = 0 };

static void foop_and_todo(void **state)
{
	(void)state;
	put_file("intd/5");
	put_file("mess/1/5");
	put_file("todo/5");
	assert_int_equal(remove_files(&layout, CLEAN_FOOP, 5), CLEAN_DONE);
	assert_false(take("intd/5"));
	assert_false(take("mess/1/5"));
	put_file("intd/5");
	put_file("mess/1/5");
	assert_int_equal(remove_files(&layout, CLEAN_TODO, 5), CLEAN_DONE);
	assert_false(take("intd/5"));
	assert_false(take("todo/5"));
	assert_true(take("mess/1/5"));
}

static void nothing_there_is_fine(void **state)
{
	(void)state;
	assert_int_equal(remove_files(&layout, CLEAN_FOOP, 6), CLEAN_DONE);
	assert_int_equal(remove_files(&layout, CLEAN_TODO, UINT64_MAX), CLEAN_DONE);
}

static void stops_at_the_first_that_stays(void **state)
{
	(void)state;
	assert_int_equal(mkdir("intd/4", 0700), 0);
	put_file("mess/0/4");
	assert_int_equal(remove_files(&layout, CLEAN_FOOP, 4), CLEAN_FAILED);
	assert_int_equal(rmdir("intd/4"), 0);
	assert_true(take("mess/0/4"));
}

static void put_aged(char const *name, time_t atime, time_t mtime)
{
	struct timespec const t[2] = { { .tv_sec = atime, .tv_nsec = 0 }, { .tv_sec = mtime, .tv_nsec = 0 } };

	put_file(name);
	assert_int_equal(utimensat(AT_FDCWD, name, t, 0), 0);
}

static void old_files_in_pid(void **state)
{
	(void)state;
	put_aged("pid/old", 1000, 1000);
	put_aged("pid/almost", 1001, 1001);
	put_aged("pid/read", 1001, 1);
	put_aged("pid/written", 1000, 100000);
	put_aged("pid/.hidden", 1, 1);
	remove_stale(1000 + 129600);
	assert_false(take("pid/old"));
	assert_true(take("pid/almost"));
	assert_true(take("pid/read"));
	assert_false(take("pid/written"));
	assert_true(take("pid/.hidden"));
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(foop_and_todo),
		cmocka_unit_test(nothing_there_is_fine),
		cmocka_unit_test(stops_at_the_first_that_stays),
		cmocka_unit_test(old_files_in_pid),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
