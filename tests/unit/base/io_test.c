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

#include "base/child.h"
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

static void children(void **state)
{
	static char *const argv[] = { (char *)"sh", (char *)"-c", (char *)"read x <&4; echo $x >&5; pwd; exit 7", 0 };
	static char *const none[] = { (char *)"nothing", 0 };
	char *const envp[] = { 0 };
	char buf[64] = "";
	int in[2], out[2];
	child_fd fds[3];
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	fds[0] = (child_fd){ in[0], 4 };
	fds[1] = (child_fd){ out[1], 5 };
	fds[2] = (child_fd){ out[1], 1 };
	pid = child_start("/bin/sh", argv, envp, "/usr", fds, 3);
	assert_true(pid > 0);
	close(out[1]);
	assert_true(io_writeall(in[1], "hello\n", 6));
	assert_true(child_wait(pid, &status));
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_int_equal(read(out[0], buf, sizeof buf), 11);
	assert_memory_equal(buf, "hello\n/usr\n", 11);
	assert_int_equal(child_start("/nonexistent/x", none, envp, 0, 0, 0), 0);
	assert_int_equal(errno, ENOENT);
	close(in[0]);
	close(in[1]);
	close(out[0]);
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
		cmocka_unit_test(children),
		cmocka_unit_test(descriptors),
	};

	return cmocka_run_group_tests(tests, start, 0);
}
