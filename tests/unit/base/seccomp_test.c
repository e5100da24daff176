/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "base/seccomp.h"

static struct sock_filter const no_parent[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EDOM),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};
static struct sock_filter const broken[] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0) };

/* 1: getppid works, 0: it does not, 2: not loaded */
static int in_child(seccomp_filter const *f)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || !seccomp_load(f))
			_exit(2);
		_exit(syscall(SYS_getppid) > 0);
	}
	assert_true(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void loaded(void **state)
{
	seccomp_filter const one = { no_parent, sizeof no_parent / sizeof no_parent[0] };
	seccomp_filter const none = { 0, 0 };
	seccomp_filter const bad = { broken, 1 };

	(void)state;
	assert_int_equal(in_child(&none), 1);
	if (!seccomp_known())
		return;
	assert_int_equal(in_child(&one), 0);
	assert_int_equal(in_child(&bad), 2);
}

static void one_for_each_that_needs_it(void **state)
{
	static int const with[SANDBOX_PROFILES] = { [SANDBOX_SEND] = 1, [SANDBOX_QUEUE] = 1, [SANDBOX_CLEAN] = 1,
		[SANDBOX_RSPAWN] = 1, [SANDBOX_REMOTE] = 1, [SANDBOX_POP3D] = 1, [SANDBOX_RCPTD] = 1, [SANDBOX_LOOK] = 1 };
	int p;

	(void)state;
	for (p = 0; p < SANDBOX_PROFILES; p++) {
#if defined(__x86_64__) || defined(__aarch64__)
		assert_int_equal(seccomp_filters[p].n > 0, with[p]);
#else
		assert_int_equal(seccomp_filters[p].n, 0);
#endif
		if (seccomp_known() && seccomp_filters[p].n)
			assert_int_not_equal(in_child(seccomp_filters + p), 2);
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(loaded),
		cmocka_unit_test(one_for_each_that_needs_it),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
