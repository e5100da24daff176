/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sandbox.h"

/* (What each profile allows is tried out by tests/system/sandbox_test.py.) */

static int enters(sandbox_profile p)
{
	struct rlimit core;

	errno = EDOM;
	if (!sandbox_enter(p) || errno != EDOM)
		return 0;
#ifdef SANDBOX_OFF
	return getrlimit(RLIMIT_CORE, &core) == 0;
#else
	/* a filter does not stop what the process may always ask about itself */
	return getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0;
#endif
}

static void all_profiles(void **state)
{
	int p;

	(void)state;
	for (p = 0; p < SANDBOX_PROFILES; p++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			_exit(enters((sandbox_profile)p) ? 0 : 1);
		assert_true(waitpid(pid, &status, 0) == pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			fail_msg("profile %d: %d", p, status);
	}
}

static void says_what_is_missing(void **state)
{
	char const *s = sandbox_missing();

	(void)state;
#ifdef SANDBOX_OFF
	assert_null(s);
#else
	assert_true(!s || *s);
#endif
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(all_profiles),
		cmocka_unit_test(says_what_is_missing),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
