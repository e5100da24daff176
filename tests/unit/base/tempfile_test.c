/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tempfile.h"

static void nameless(void **state)
{
	int fd = tempfile_open();
	int other = tempfile_open();
	struct stat a;
	struct stat b;
	char c = 0;

	(void)state;
	assert_true(fd >= 0 && other >= 0);
	assert_int_equal(fstat(fd, &a), 0);
	assert_int_equal(fstat(other, &b), 0);
	assert_true(a.st_dev != b.st_dev || a.st_ino != b.st_ino);
	assert_true(S_ISREG(a.st_mode));
	assert_int_equal(a.st_mode & 07777, 0600);
	assert_int_equal(a.st_nlink, 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(pread(fd, &c, 1, 0), 1);
	assert_int_equal(c, 'x');
	close(fd);
	close(other);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(nameless),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
