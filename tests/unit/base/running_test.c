/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/running.h"

static char const file[] = "running_test.lock";

static int found(pid_t pid, struct stat const *st, unsigned int *holders)
{
	running r;
	int seen = 0;

	*holders = 0;
	assert_true(running_start(&r));
	while (running_next(&r)) {
		seen |= r.pid == pid;
		*holders += (unsigned int)(running_locks(&r, st) && r.pid == pid);
		if (running_locks(&r, st))
			assert_int_equal(r.pid, pid);
	}
	running_end(&r);
	return seen;
}

static void locks(void **state)
{
	struct stat st;
	unsigned int holders;
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	assert_true(found(getpid(), &st, &holders));
	assert_int_equal(holders, 0);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_true(found(getpid(), &st, &holders));
	assert_int_equal(holders, 1);
	assert_int_equal(flock(fd, LOCK_UN), 0);
	assert_true(found(getpid(), &st, &holders));
	assert_int_equal(holders, 0);
	close(fd);
	unlink(file);
}

static void none_is_that_program(void **state)
{
	running r;

	(void)state;
	assert_true(running_start(&r));
	while (running_next(&r))
		assert_false(running_is(&r, "/bin/no-such-program"));
	running_end(&r);
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(locks),
		cmocka_unit_test(none_is_that_program),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
