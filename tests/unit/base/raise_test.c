/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/raise.h"

/* In a process of its own, with a soft limit of 100 and a hard one of 200: its exit code. */
static int with_limits(int (*act)(void))
{
	struct rlimit const r = { .rlim_cur = 100, .rlim_max = 200 };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (setrlimit(RLIMIT_NOFILE, &r) < 0)
			_exit(99);
		_exit(act());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static rlim_t soft(void)
{
	struct rlimit r;

	return getrlimit(RLIMIT_NOFILE, &r) == 0 ? r.rlim_cur : 0;
}

/* Each step that goes wrong has its number. */
static int raises(void)
{
	if (raise_limit(RLIMIT_NOFILE, 50) != 100 || soft() != 100)
		return 1;
	raise_undo();
	if (raise_limit(RLIMIT_NOFILE, 150) != 150 || soft() != 150)
		return 2;
	if (raise_limit(RLIMIT_NOFILE, 5000) != 200 || soft() != 200)
		return 3;
	raise_undo();
	return soft() == 100 ? 0 : 4;
}

/* What is started has what we had. */
static int starts(void)
{
	char sh[] = "sh", c[] = "-c";
	char act[] = "test `ulimit -S -n` = 100 && test `ulimit -H -n` = 200";
	char *argv[] = { sh, c, act, 0 };
	int status;
	pid_t pid;

	if (raise_limit(RLIMIT_NOFILE, 180) != 180)
		return 1;
	pid = child_start("/bin/sh", argv, environ, 0, 0, 0);
	if (!pid || !child_wait(pid, &status) || status != 0)
		return 2;
	return soft() == 180 ? 0 : 3;
}

static void up_and_back(void **state)
{
	(void)state;
	assert_int_equal(with_limits(raises), 0);
}

static void not_for_programs(void **state)
{
	(void)state;
	assert_int_equal(with_limits(starts), 0);
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(up_and_back),
		cmocka_unit_test(not_for_programs),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
