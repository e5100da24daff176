/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/djbunix.h>
#include <skalibs/sig.h>

#include "base/child.h"

static pid_t start_shell(char const *script, child_fd const *fds, size_t n)
{
	char const *argv[] = { "sh", "-c", script, 0 };
	char *envp[] = { 0 };

	return child_start("/bin/sh", (char *const *)argv, envp, "/", fds, n);
}

static int exit_code(pid_t pid)
{
	int status;

	assert_true(pid > 0);
	assert_true(child_wait(pid, &status));
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void exit_codes(void **state)
{
	(void)state;
	assert_int_equal(exit_code(start_shell("exit 0", 0, 0)), 0);
	assert_int_equal(exit_code(start_shell("exit 120", 0, 0)), 120);
	assert_int_equal(exit_code(start_shell("test \"$PWD\" = /", 0, 0)), 0);
}

static void not_started(void **state)
{
	char *argv[] = { 0 };

	(void)state;
	assert_int_equal(child_start("/nonexistent", argv, argv, 0, 0, 0), 0);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(child_start("/bin/sh", argv, argv, "/nonexistent", 0, 0), 0);
	assert_int_equal(errno, ENOENT);
}

/* Two descriptors that take each other's number, and one that keeps its own. */
static void crossed_descriptors(void **state)
{
	char script[96];
	int p[2], q[2], r[2];
	char got[3];

	(void)state;
	assert_true(pipecoe(p) == 0 && pipecoe(q) == 0 && pipecoe(r) == 0);
	assert_int_equal(write(p[1], "p", 1), 1);
	assert_int_equal(write(q[1], "q", 1), 1);
	fd_close(p[1]);
	fd_close(q[1]);
	snprintf(script, sizeof script, "cat /dev/fd/%d /dev/fd/%d >/dev/fd/%d", p[0], q[0], r[1]);
	{
		child_fd const fds[] = { { p[0], q[0] }, { q[0], p[0] }, { r[1], r[1] } };
		char const *argv[] = { "sh", "-c", script, 0 };
		char const *envp[] = { "PATH=/usr/bin:/bin", 0 };

		assert_int_equal(exit_code(child_start("/bin/sh", (char *const *)argv, (char *const *)envp, 0, fds, 3)), 0);
	}
	fd_close(r[1]);
	assert_int_equal(allread(r[0], got, sizeof got), 2);
	assert_memory_equal(got, "qp", 2);
	fd_close(p[0]);
	fd_close(q[0]);
	fd_close(r[0]);
}

/* Whoever started us may have SIGCHLD ignored; then the kernel keeps no status, and a message that was
 * queued would be reported as one that was not. */
static void ignored_sigchld(void **state)
{
	(void)state;
	assert_return_code(sig_ignore(SIGCHLD), errno);
	assert_int_equal(exit_code(start_shell("exit 31", 0, 0)), 31);
	/* In the child, too: the queue program may wait for others. */
	assert_return_code(sig_ignore(SIGCHLD), errno);
	assert_int_equal(exit_code(start_shell("trap 'exit 7' CHLD; /bin/true; exit 0", 0, 0)), 7);
	sig_restore(SIGCHLD);
}

static void count(int sig)
{
	(void)sig;
}

/* One that is caught is its owner's. */
static void caught_sigchld(void **state)
{
	struct sigaction sa;

	(void)state;
	assert_return_code(sig_catch(SIGCHLD, count), errno);
	assert_int_equal(exit_code(start_shell("exit 0", 0, 0)), 0);
	assert_int_equal(sigaction(SIGCHLD, 0, &sa), 0);
	assert_ptr_equal(sa.sa_handler, count);
	sig_restore(SIGCHLD);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(exit_codes),
		cmocka_unit_test(not_started),
		cmocka_unit_test(crossed_descriptors),
		cmocka_unit_test(ignored_sigchld),
		cmocka_unit_test(caught_sigchld),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
