/* SPDX-License-Identifier: ISC */

#include "base/samefile.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "home.h"

static void looks(void **state)
{
	static struct { char const *name; struct stat other; int is; int unchanged; } const rows[] = {
		{ "the same", { .st_dev = 1, .st_ino = 2, .st_size = 3, .st_mtim = { 4, 5 }, .st_ctim = { 6, 7 } }, 1, 1 },
		{ "disk", { .st_dev = 2, .st_ino = 2, .st_size = 3, .st_mtim = { 4, 5 }, .st_ctim = { 6, 7 } }, 0, 0 },
		{ "number", { .st_dev = 1, .st_ino = 1, .st_size = 3, .st_mtim = { 4, 5 }, .st_ctim = { 6, 7 } }, 0, 0 },
		{ "size", { .st_dev = 1, .st_ino = 2, .st_size = 4, .st_mtim = { 4, 5 }, .st_ctim = { 6, 7 } }, 1, 0 },
		{ "second", { .st_dev = 1, .st_ino = 2, .st_size = 3, .st_mtim = { 3, 5 }, .st_ctim = { 6, 7 } }, 1, 0 },
		{ "nanosecond", { .st_dev = 1, .st_ino = 2, .st_size = 3, .st_mtim = { 4, 6 }, .st_ctim = { 6, 7 } }, 1, 0 },
		{ "mode", { .st_dev = 1, .st_ino = 2, .st_size = 3, .st_mtim = { 4, 5 }, .st_ctim = { 6, 8 } }, 1, 0 },
	}, *c;

	(void)state;
	UNIT_EACH(c, rows)
		if (samefile_is(&rows[0].other, &c->other) != c->is || samefile_unchanged(&c->other, &rows[0].other) != c->unchanged)
			fail_msg("%s", c->name);
}

static void named(void **state)
{
	int fd;

	(void)state;
	unit_write("a", "");
	fd = open("a", O_RDONLY | O_CLOEXEC);
	assert_int_equal(samefile_named(fd, "a"), 1);
	assert_int_equal(symlink("a", "b"), 0);
	assert_int_equal(samefile_named(fd, "b"), 0);
	assert_int_equal(samefile_named(fd, "c"), 0);
	assert_int_equal(samefile_named(fd, "a/c"), -1);
	assert_int_equal(errno, ENOTDIR);
	close(fd);
	assert_int_equal(samefile_named(fd, "a"), -1);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(looks),
		cmocka_unit_test(named),
	};

	return cmocka_run_group_tests(tests, unit_home_make, unit_home_end);
}
