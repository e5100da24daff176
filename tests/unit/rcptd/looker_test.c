/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "home.h"
#include "proto/rcptd.h"
#include "rcptd/looker.h"

char const *PROG = "looker_test";

/* A looker in a process of its own, and our end of its socket. */
static pid_t pid;
static int fd;

static int begin(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		_exit(looker_run(pair[1]));
	}
	assert_true(pid > 0);
	close(pair[1]);
	fd = pair[0];
	return 0;
}

static int ended(void)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int end(void **state)
{
	(void)state;
	close(fd);
	if (pid)
		assert_int_equal(ended(), 111);
	unlink("control/queueroutes");
	return 0;
}

static void ask(uint32_t number, char const *local)
{
	char packet[RCPTD_LOOK_MAX];
	size_t n = rcptd_look(packet, number, local, strlen(local));

	assert_true(n > 0);
	assert_int_equal(send(fd, packet, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* The next answer within so many milliseconds; 0: none. */
static int hear(uint32_t *number, int milliseconds)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char packet[RCPTD_FOUND + 1];
	rcptd_answer a;
	ssize_t n;

	if (poll(&p, 1, milliseconds) <= 0)
		return 0;
	n = recv(fd, packet, sizeof packet, 0);
	return n > 0 && rcptd_found_read(packet, (size_t)n, number, &a) ? (int)a : 0;
}

/* bin/qmail-getpw as a script that does that. */
static void have_getpw(char const *body)
{
	char text[200];

	snprintf(text, sizeof text, "#!/bin/sh\n%s\n", body);
	unit_write("bin/qmail-getpw", text);
	assert_int_equal(chmod("bin/qmail-getpw", 0755), 0);
}

/* Each question has one answer, with its number. Here there is no table and no qmail-getpw: nobody can tell. */
static void numbers(void **state)
{
	uint32_t number;
	uint32_t seen = 0;
	int i;

	(void)state;
	unlink("bin/qmail-getpw");
	for (i = 0; i < 8; i++)
		ask(0xfffffff0u + (unsigned int)i, "foo-x");
	for (i = 0; i < 8; i++) {
		assert_int_equal(hear(&number, 10000), RCPTD_DOUBT);
		assert_true(number >= 0xfffffff0u && number < 0xfffffff8u);
		seen |= 1U << (number & 15);
	}
	assert_int_equal(seen, 0xff);
	assert_int_equal(hear(&number, 50), 0);
}

/* A look that hangs is a doubt after its time, and until it is over its place is taken: no more are begun than there
 * are. */
static void hanging(void **state)
{
	uint32_t number;
	unsigned int i;

	(void)state;
	have_getpw("exec sleep 100");
	for (i = 0; i < LOOKER_CHILDREN; i++)
		ask(i, "foo");
	/* (without root or the users of qmail it is not even started) */
	if (hear(&number, LOOKER_MILLISECONDS / 2))
		skip();
	ask(1000, "bar");
	assert_int_equal(hear(&number, LOOKER_MILLISECONDS / 2), RCPTD_DOUBT);
	assert_int_equal(number, 1000);
	for (i = 0; i < LOOKER_CHILDREN; i++) {
		assert_int_equal(hear(&number, 10000), RCPTD_DOUBT);
		assert_true(number < LOOKER_CHILDREN);
	}
	/* they were ended, and there is room again */
	have_getpw("exit 1");
	sleep(1);
	ask(2000, "foo");
	assert_int_equal(hear(&number, 10000), RCPTD_DOUBT);
	assert_int_equal(number, 2000);
}

static void crashing(void **state)
{
	uint32_t number;

	(void)state;
	have_getpw("kill -9 $$");
	ask(1, "foo");
	assert_int_equal(hear(&number, 10000), RCPTD_DOUBT);
	have_getpw("echo junk");
	ask(2, "foo");
	assert_int_equal(hear(&number, 10000), RCPTD_DOUBT);
	assert_int_equal(number, 2);
}

/* Where something else delivers nobody looks. */
static void elsewhere(void **state)
{
	uint32_t number;

	(void)state;
	have_getpw("exec sleep 100");
	unit_write("control/queueroutes", "");
	sleep(1);
	ask(1, "foo");
	assert_int_equal(hear(&number, LOOKER_MILLISECONDS / 2), RCPTD_DOUBT);
}

static void nonsense(void **state)
{
	static struct { char const *s; size_t n; } const rows[] = {
		{ "\0\0\0\0", 4 }, { "\0\0\0\0\0", 5 }, { "\0\0\0\0x", 5 }, { "\0\0\0\0x\0x", 7 },
		{ "\0\0\0\0x\0x\0", 8 }, { "x", 1 },
	};
	static char large[RCPTD_LOOK_MAX + 100];
	size_t i;

	(void)state;
	for (i = 0; i <= sizeof rows / sizeof rows[0]; i++) {
		int last = i == sizeof rows / sizeof rows[0];

		memset(large, 'x', sizeof large - 1);
		assert_true(send(fd, last ? large : rows[i].s, last ? sizeof large : rows[i].n, MSG_NOSIGNAL) > 0);
		assert_int_equal(ended(), 111);
		close(fd);
		begin(0);
	}
}

static void told_to_end(void **state)
{
	uint32_t number;

	(void)state;
	have_getpw("exit 1");
	ask(1, "foo");
	/* (it has its handler when it answers; who hangs is ended with it) */
	assert_int_equal(hear(&number, 10000), RCPTD_DOUBT);
	have_getpw("exec sleep 100");
	ask(2, "foo");
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(ended(), 0);
}

static int make(void **state)
{
	return unit_home_make(state) < 0 || mkdir("bin", 0755) < 0 ? -1 : 0;
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test_setup_teardown(numbers, begin, end),
		cmocka_unit_test_setup_teardown(hanging, begin, end),
		cmocka_unit_test_setup_teardown(crashing, begin, end),
		cmocka_unit_test_setup_teardown(elsewhere, begin, end),
		cmocka_unit_test_setup_teardown(nonsense, begin, end),
		cmocka_unit_test_setup_teardown(told_to_end, begin, end),
	};

	return cmocka_run_group_tests(tests, make, unit_home_end);
}
