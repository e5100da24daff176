/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/newer.h"

static void times(void **state)
{
	struct timespec const t = { 5, 5 };

	(void)state;
	assert_false(newer_time(t, t));
	assert_true(newer_time(t, (struct timespec){ 5, 4 }));
	assert_true(newer_time(t, (struct timespec){ 4, 9 }));
	assert_false(newer_time(t, (struct timespec){ 5, 6 }));
	assert_false(newer_time(t, (struct timespec){ 6, 1 }));
}

static void make(char const *name, time_t seconds)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct timespec const t[2] = { { seconds, 0 }, { seconds, 0 } };

	assert_true(fd >= 0 && futimens(fd, t) == 0);
	close(fd);
}

static void files(void **state)
{
	(void)state;
	unlink("newer_test.a");
	unlink("newer_test.b");
	assert_false(newer_file(AT_FDCWD, "newer_test.a", "newer_test.b"));
	make("newer_test.a", 1000);
	assert_true(newer_file(AT_FDCWD, "newer_test.a", "newer_test.b"));
	assert_false(newer_file(AT_FDCWD, "newer_test.b", "newer_test.a"));
	make("newer_test.b", 1000);
	assert_false(newer_file(AT_FDCWD, "newer_test.a", "newer_test.b"));
	make("newer_test.a", 1001);
	assert_true(newer_file(AT_FDCWD, "newer_test.a", "newer_test.b"));
	assert_false(newer_file(AT_FDCWD, "newer_test.a", "newer_test.a/below"));
	unlink("newer_test.a");
	unlink("newer_test.b");
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(times),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
