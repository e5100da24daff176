/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/lower.h"

typedef struct example
{
	char const *name;
	rlim_t soft, hard;      /* before */
	rlim_t max;
	rlim_t then_soft, then_hard;
} example;

static example const examples[] = {
	{ "unlimited", RLIM_INFINITY, RLIM_INFINITY, 100, 100, 100 },
	{ "one more", 101, 101, 100, 100, 100 },
	{ "the same", 100, 100, 100, 100, 100 },
	{ "one less", 99, 99, 100, 99, 99 },
	{ "soft lower", 7, 200, 100, 7, 100 },
	{ "soft lower, no hard one", 7, RLIM_INFINITY, 100, 7, 100 },
	{ "to nothing", 7, 8, 0, 0, 0 },
	{ "to infinity", 7, 8, RLIM_INFINITY, 7, 8 },
};

/* In a child, since no one gets a hard limit back. */
static int in_child(int (*what)(example const *), example const *x)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(what(x));
	assert_true(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int is(rlim_t soft, rlim_t hard)
{
	struct rlimit r;

	return getrlimit(RLIMIT_CORE, &r) == 0 && r.rlim_cur == soft && r.rlim_max == hard;
}

static int both(example const *x)
{
	struct rlimit const r = { x->soft, x->hard };

	return setrlimit(RLIMIT_CORE, &r) == 0 && lower_limit(RLIMIT_CORE, x->max) && is(x->then_soft, x->then_hard);
}

static int soft(example const *x)
{
	struct rlimit const r = { x->soft, x->hard };
	struct rlimit before;

	return setrlimit(RLIMIT_CORE, &r) == 0 && lower_soft(RLIMIT_CORE, x->max, &before) && is(x->then_soft, x->hard)
		&& before.rlim_cur == x->soft && before.rlim_max == x->hard;
}

static void never_raised(void **state)
{
	example const *x;

	(void)state;
	UNIT_EACH(x, examples) {
		struct rlimit now;

		/* what the test itself was given may be too low for the example, and stays */
		assert_int_equal(getrlimit(RLIMIT_CORE, &now), 0);
		if (now.rlim_max < x->hard && geteuid() != 0)
			continue;
		if (!in_child(both, x) || !in_child(soft, x))
			fail_msg("%s", x->name);
	}
}

static void no_such_resource(void **state)
{
	struct rlimit before;

	(void)state;
	assert_int_equal(lower_limit(12345, 1), 0);
	assert_int_equal(lower_soft(12345, 1, &before), 0);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(never_raised),
		cmocka_unit_test(no_such_resource),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
