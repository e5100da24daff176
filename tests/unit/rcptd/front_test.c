/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "home.h"
#include "proto/rcptd.h"
#include "rcptd/cache.h"
#include "rcptd/front.h"
#include "rcptd/looker.h"
#include "recipient/fresh.h"

char const *PROG = "front_test";

/* The front is a process of its own; we are the part that is root, and its clients. */
static pid_t pid;
static int root;
static struct sockaddr_un const address = { .sun_family = AF_UNIX, .sun_path = "socket" };

/* To the front, the files were there long ago. */
static int ahead;

int clock_gettime(clockid_t which, struct timespec *t)
{
	int r = (int)syscall(SYS_clock_gettime, which, t);

	t->tv_sec += which == CLOCK_REALTIME ? ahead : 0;
	return r;
}

static void run(int listener, int socket, uid_t user)
{
	ahead = 2 * FRESH_SECONDS + 10;
	_exit(front_run(listener, socket, &user, 1));
}

static void begin_for(uid_t user)
{
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int pair[2];

	unlink(address.sun_path);
	assert_int_equal(bind(listener, (struct sockaddr const *)&address, sizeof address), 0);
	assert_int_equal(listen(listener, 10), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		run(listener, pair[1], user);
	}
	assert_true(pid > 0);
	close(listener);
	close(pair[1]);
	root = pair[0];
}

static int begin(void **state)
{
	(void)state;
	begin_for(getuid());
	return 0;
}

/* It ends when the other part is gone. */
static int end(void **state)
{
	int status;

	(void)state;
	close(root);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 111);
	return 0;
}

static int is_readable(int fd, int milliseconds)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, milliseconds) > 0;
}

static int client(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr const *)&address, sizeof address), 0);
	return fd;
}

static void ask(int fd, char const *recipient)
{
	char packet[RCPTD_QUESTION_MAX];
	size_t n = rcptd_question(packet, recipient, strlen(recipient));

	assert_int_equal(send(fd, packet, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* The answer; 0: the connection is closed; -1: nothing comes. */
static int hear(int fd, int milliseconds)
{
	char answer[2];

	if (!is_readable(fd, milliseconds))
		return -1;
	return recv(fd, answer, sizeof answer, 0) == 1 ? answer[0] : 0;
}

/* What the front asks the other part; -1: nothing. */
static int64_t asked(char const *expected, int milliseconds)
{
	char packet[RCPTD_LOOK_MAX];
	char const *local;
	uint32_t number = 0;
	ssize_t n;

	if (!is_readable(root, milliseconds))
		return -1;
	n = recv(root, packet, sizeof packet, 0);
	assert_true(n > 0 && rcptd_look_read(packet, (size_t)n, &number, &local));
	if (expected)
		assert_string_equal(local, expected);
	return number;
}

static void find(int64_t number, rcptd_answer a)
{
	char packet[RCPTD_FOUND];

	rcptd_found(packet, (uint32_t)number, a);
	assert_int_equal(send(root, packet, sizeof packet, MSG_NOSIGNAL), (ssize_t)sizeof packet);
}

static void answers(void **state)
{
	int fd = client();

	(void)state;
	ask(fd, "x@remote.example");
	assert_int_equal(hear(fd, 10000), RCPTD_YES);
	ask(fd, "@here.example");
	assert_int_equal(hear(fd, 10000), RCPTD_YES);
	ask(fd, "x@a.example");
	find(asked("foo-x", 10000), RCPTD_NO);
	assert_int_equal(hear(fd, 10000), RCPTD_NO);
	/* known now, and forgotten after some seconds */
	ask(fd, "x@A.Example");
	assert_int_equal(hear(fd, 10000), RCPTD_NO);
	assert_int_equal(asked(0, 50), -1);
	usleep(CACHE_NO * 1000);
	ask(fd, "x@a.example");
	find(asked("foo-x", 10000), RCPTD_YES);
	assert_int_equal(hear(fd, 10000), RCPTD_YES);
	close(fd);
}

/* Who asks for the same at once is answered at once, by one look; who has gone meanwhile is nobody's loss. */
static void together(void **state)
{
	int fds[3] = { client(), client(), client() };
	int64_t number;
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		ask(fds[i], "x@here.example");
	number = asked("x", 10000);
	assert_int_equal(asked(0, 100), -1);
	close(fds[0]);
	/* an answer to what nobody has asked */
	find(number + 1, RCPTD_YES);
	find(number, RCPTD_NO);
	assert_int_equal(hear(fds[1], 10000), RCPTD_NO);
	assert_int_equal(hear(fds[2], 10000), RCPTD_NO);
	close(fds[1]);
	close(fds[2]);
}

/* As many looks as there are places; the others wait in their order, and no longer than anybody. */
static void queued(void **state)
{
	enum { MORE = 2 };
	int fds[LOOKER_CHILDREN + MORE];
	int64_t first = -1;
	int i;

	(void)state;
	for (i = 0; i < LOOKER_CHILDREN + MORE; i++) {
		char recipient[40];
		char local[20];

		snprintf(local, sizeof local, "u%d", i);
		snprintf(recipient, sizeof recipient, "%s@here.example", local);
		fds[i] = client();
		ask(fds[i], recipient);
		if (i < LOOKER_CHILDREN) {
			int64_t number = asked(local, 10000);

			assert_true(number >= 0);
			first = first < 0 ? number : first;
		}
	}
	assert_int_equal(asked(0, 100), -1);
	find(first, RCPTD_NO);
	assert_int_equal(hear(fds[0], 10000), RCPTD_NO);
	assert_true(asked("u16", 10000) >= 0);
	assert_int_equal(asked(0, 100), -1);
	for (i = 1; i < LOOKER_CHILDREN + MORE; i++) {
		assert_int_equal(hear(fds[i], 2 * FRONT_MILLISECONDS), RCPTD_DOUBT);
		close(fds[i]);
	}
	close(fds[0]);
}

static void nonsense(void **state)
{
	static struct { char const *s; size_t n; } const rows[] = {
		{ "R", 1 }, { "Qx", 2 }, { "Ra\0b", 4 }, { "x", 1 }, { "\0\0\0\0x", 6 },
	};
	static char large[RCPTD_QUESTION_MAX + 1];
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		fd = client();
		assert_true(send(fd, rows[i].s, rows[i].n, MSG_NOSIGNAL) > 0);
		assert_int_equal(hear(fd, 10000), 0);
		close(fd);
	}
	memset(large, 'R', sizeof large);
	fd = client();
	assert_true(send(fd, large, sizeof large, MSG_NOSIGNAL) > 0);
	assert_int_equal(hear(fd, 10000), 0);
	close(fd);
	/* a question before the last one is answered */
	fd = client();
	ask(fd, "x@here.example");
	assert_true(asked("x", 10000) >= 0);
	ask(fd, "y@here.example");
	assert_int_equal(hear(fd, 10000), 0);
	close(fd);
	/* the others are served */
	fd = client();
	ask(fd, "x@remote.example");
	assert_int_equal(hear(fd, 10000), RCPTD_YES);
	close(fd);
}

static void strangers(void **state)
{
	int fd;

	end(state);
	begin_for(getuid() + 1);
	fd = client();
	assert_int_equal(hear(fd, 10000), 0);
	close(fd);
}

/* Between the two parts nobody makes mistakes: it ends, and both are started anew. */
static void trouble_with_the_other_part(void **state)
{
	int status;

	(void)state;
	assert_true(send(root, "x", 1, MSG_NOSIGNAL) == 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 111);
	close(root);
	begin(state);
}

static int make(void **state)
{
	if (unit_home_make(state) < 0)
		return -1;
	unit_write("control/me", "me.example\n");
	unit_write("control/locals", "here.example\n");
	unit_write("control/virtualdomains", "a.example:foo\n");
	return 0;
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test_setup_teardown(answers, begin, end),
		cmocka_unit_test_setup_teardown(together, begin, end),
		cmocka_unit_test_setup_teardown(queued, begin, end),
		cmocka_unit_test_setup_teardown(nonsense, begin, end),
		cmocka_unit_test_setup_teardown(strangers, begin, end),
		cmocka_unit_test_setup_teardown(trouble_with_the_other_part, begin, end),
	};

	return cmocka_run_group_tests(tests, make, unit_home_end);
}
