/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/stralloc.h>

#include "base/child.h"
#include "proto/stay.h"

static char dir[] = "/tmp/stay_test.XXXXXX";

/* Answers "x-" and the question, but to "mute" nothing, and dies of "die". */
static void serve(void)
{
	stralloc local = STRALLOC_ZERO;
	int reply;

	while (stay_next(&local, &reply)) {
		if (strcmp(local.s, "die") == 0)
			_exit(0);
		if (strcmp(local.s, "mute") != 0 && (fd_write(reply, "x-", 2) != 2 || fd_write(reply, local.s, local.len) < 0))
			_exit(1);
		close(reply);
	}
	_exit(0);
}

/* As bin/qmail-getpw is started: one process that answers the old way, and maybe another that stays. */
static void start(void)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		stay_offer();
		if (stay_behind("stay"))
			serve();
		_exit(0);
	}
	assert_true(child_wait(pid, &status));
	assert_int_equal(status, 0);
}

/* Whoever stays needs a moment to say that he is idle. */
static int ask(stralloc *answer, char const *local)
{
	unsigned int tries;

	for (tries = 0; tries < 200; tries++) {
		if (stay_ask(answer, local))
			return 1;
		usleep(5000);
	}
	return 0;
}

static void questions(void **state)
{
	static char big[STAY_QUESTION_MAX + 2];
	stralloc a = STRALLOC_ZERO;
	unsigned int i;

	(void)state;
	memset(big, 'a', sizeof big - 1);
	assert_false(stay_ask(&a, "before it is opened"));
	assert_true(stay_open());
	assert_false(stay_ask(&a, "nobody is there"));
	start();
	for (i = 0; i < 100; i++) {
		assert_true(ask(&a, "user"));
		assert_int_equal(a.len, sizeof "x-user");
		assert_string_equal(a.s, "x-user");
	}
	assert_false(stay_ask(&a, ""));
	assert_false(stay_ask(&a, big));
	big[STAY_QUESTION_MAX] = 0;
	assert_true(ask(&a, big));
	assert_int_equal(a.len, STAY_QUESTION_MAX + 3);
	stralloc_free(&a);
}

static void no_answer(void **state)
{
	stralloc a = STRALLOC_ZERO;

	(void)state;
	usleep(20000);
	assert_false(stay_ask(&a, "mute"));
	assert_true(ask(&a, "still there"));
	usleep(20000);
	assert_false(stay_ask(&a, "die"));
	assert_false(stay_ask(&a, "nobody is there any more"));
	start();
	assert_true(ask(&a, "another"));
	stralloc_free(&a);
}

/* Two ask at once: one is told to ask the old way, and leaves a second one behind. */
static void two(void **state)
{
	stralloc a = STRALLOC_ZERO;
	unsigned int i;

	(void)state;
	start();
	for (i = 0; i < 20; i++)
		assert_true(ask(&a, "user"));
	stralloc_free(&a);
}

static void another_program(void **state)
{
	stralloc a = STRALLOC_ZERO;

	(void)state;
	usleep(20000);
	assert_int_equal(rename("bin/qmail-getpw", "bin/old"), 0);
	assert_int_equal(symlink("/bin/true", "bin/qmail-getpw"), 0);
	/* both that stay learn of it when they are asked, and end */
	assert_false(stay_ask(&a, "user"));
	assert_false(stay_ask(&a, "user"));
	start();
	usleep(20000);
	assert_false(stay_ask(&a, "user"));
	stralloc_free(&a);
}

static int set_up(void **state)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	(void)state;
	if (n < 0)
		return 1;
	self[n] = 0;
	return !mkdtemp(dir) || chdir(dir) < 0 || mkdir("bin", 0755) < 0 || symlink(self, "bin/qmail-getpw") < 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink("bin/qmail-getpw");
	unlink("bin/old");
	rmdir("bin");
	return chdir("/") < 0 || rmdir(dir) < 0;
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(questions),
		cmocka_unit_test(no_answer),
		cmocka_unit_test(two),
		cmocka_unit_test(another_program),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
