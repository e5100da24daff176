/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/io.h"

static void deadlines(void **state)
{
	tain now, later;
	char c;
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	io_deadline(&now, 0);
	assert_int_equal(io_read(p[0], &c, 1, &now), -1);
	assert_int_equal(errno, ETIMEDOUT);
	io_deadline(&later, 10);
	assert_ptr_equal(io_sooner(&now, &later), &now);
	assert_ptr_equal(io_sooner(&later, &now), &now);
	assert_ptr_equal(io_sooner(0, &now), &now);
	assert_true(io_write(p[1], "x", 1, &later));
	assert_int_equal(io_read(p[0], &c, 1, &later), 1);
	assert_int_equal(c, 'x');
	close(p[1]);
	assert_int_equal(io_read(p[0], &c, 1, 0), 0);
	close(p[0]);
}

/* A peer that does not read must not hold a blocking socket past the deadline. */
static void stuck_peer(void **state)
{
	static char big[1 << 20];
	tain soon;
	int s[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	io_deadline(&soon, 1);
	assert_false(io_write(s[0], big, sizeof big, &soon));
	assert_int_equal(errno, ETIMEDOUT);
	close(s[1]);
	assert_false(io_write(s[0], big, 1, 0));
	assert_int_equal(errno, EPIPE);
	close(s[0]);
}

/* A non-blocking descriptor and a signal are not the end of a file, whoever waits without a deadline. */
static void patient_reader(void **state)
{
	char buf[8];
	int p[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(p, O_NONBLOCK), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		usleep(50000);
		_exit(write(p[1], "later", 5) != 5);
	}
	assert_int_equal(io_read(p[0], buf, sizeof buf, 0), 5);
	assert_memory_equal(buf, "later", 5);
	assert_int_equal(waitpid(pid, 0, 0), pid);
	close(p[1]);
	assert_int_equal(io_read(p[0], buf, sizeof buf, 0), 0);
	close(p[0]);
	assert_int_equal(io_read(p[0], buf, sizeof buf, 0), -1);
	assert_int_equal(errno, EBADF);
}

static void descriptors(void **state)
{
	int fd = open("/dev/null", O_RDONLY);

	(void)state;
	assert_true(fd > 2);
	fds_cloexec_from(3);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	fds_close_from(fd);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_true(fds_sane(fd));
	assert_true(fcntl(fd, F_GETFD) >= 0);
	fds_close_from(3);
}

static int start(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	return io_start() ? 0 : -1;
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(deadlines),
		cmocka_unit_test(stuck_peer),
		cmocka_unit_test(patient_reader),
		cmocka_unit_test(descriptors),
	};

	return cmocka_run_group_tests(tests, start, 0);
}
