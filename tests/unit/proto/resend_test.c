/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/conf.h"
#include "proto/resend.h"

static char dir[] = "/tmp/resend_test.XXXXXX";
static char program[64];

/* A queue program that keeps message and envelope and ends as told. It is started in conf_home, so that must
 * exist. */
static void queue_program(int code)
{
	char text[256];
	int n;

	if (access(conf_home, X_OK) < 0)
		skip();
	n = snprintf(text, sizeof text, "#!/bin/sh\ncat > %s/m; cat <&1 > %s/e; exit %d\n", dir, dir, code);
	unlink(program);
	assert_true(openwritenclose_unsafe(program, text, (size_t)n));
	assert_int_equal(chmod(program, 0755), 0);
}

static void kept(char const *name, char const *want, size_t n)
{
	stralloc sa = STRALLOC_ZERO;
	char path[64];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_true(openslurpclose(&sa, path));
	assert_int_equal(sa.len, n);
	assert_memory_equal(sa.s, want, n);
	stralloc_free(&sa);
}

static int message(char const *text)
{
	int p[2];

	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], text, strlen(text)), (ssize_t)strlen(text));
	close(p[1]);
	return p[0];
}

static void sent_on(void **state)
{
	static char const *const recipients[] = { "a@b", "c d" };
	unsigned long qp = 0;
	int fd = message("Subject: x\n\nno end");

	(void)state;
	queue_program(0);
	assert_string_equal(resend_message(fd, "Delivered-To: me\n", "s@t", recipients, 2, &qp), "");
	assert_true(qp > 1);
	kept("m", "Delivered-To: me\nSubject: x\n\nno end", 35);
	kept("e", "Fs@t\0Ta@b\0Tc d\0", 16);
	close(fd);
}

static void refused(void **state)
{
	static char const *const recipients[] = { "a@b" };
	unsigned long qp = 0;
	int fd = message("x\n");

	(void)state;
	queue_program(31);
	assert_string_equal(resend_message(fd, "D\n", "", recipients, 1, &qp),
		"Dmail server permanently rejected message (#5.3.0)");
	queue_program(53);
	assert_string_equal(resend_message(fd, "D\n", "", recipients, 1, &qp), "Zqq write error or disk full (#4.3.0)");
	close(fd);
}

/* Half a message must not get through: the queue program sees no end of its envelope. */
static void unreadable(void **state)
{
	static char const *const recipients[] = { "a@b" };
	unsigned long qp = 0;
	int fd = open("/", O_RDONLY | O_CLOEXEC);

	(void)state;
	queue_program(0);
	assert_string_equal(resend_message(fd, "D\n", "s", recipients, 1, &qp), "Zqq read error (#4.3.0)");
	kept("e", "", 0);
	close(fd);
}

static void empty_address(void **state)
{
	static char const *const recipients[] = { "a@b", "" };
	unsigned long qp = 0;

	(void)state;
	assert_int_equal(*resend_message(0, "D\n", "s", recipients, 2, &qp), 'Z');
}

static int setup(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(dir))
		return -1;
	snprintf(program, sizeof program, "%s/q", dir);
	return setenv("QMAILQUEUE", program, 1);
}

static int teardown(void **state)
{
	(void)state;
	rm_rf(dir);
	return 0;
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(sent_on),
		cmocka_unit_test(refused),
		cmocka_unit_test(unreadable),
		cmocka_unit_test(empty_address),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
