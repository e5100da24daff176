/* SPDX-License-Identifier: ISC */

#include "net/conn.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "unit.h"

static conn c;

static void pair(int *fd)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
}

static void say(int fd, char const *s)
{
	assert_true(io_writeall(fd, s, strlen(s)));
}

/* What is there to be read now. */
static void heard(int fd, char const *expected)
{
	char buf[CONN_OUT];
	ssize_t r = recv(fd, buf, sizeof buf, MSG_DONTWAIT);

	assert_int_equal(r < 0 ? 0 : r, strlen(expected));
	assert_memory_equal(buf, expected, strlen(expected));
}

static void replies_leave_together(void **state)
{
	int fd[2];

	(void)state;
	pair(fd);
	conn_open(&c, fd[0], fd[0], 5);
	say(fd[1], "one\ntwo\n");
	assert_true(conn_fill(&c));
	assert_int_equal(c.len - c.pos, 8);
	conn_puts(&c, "1\r\n");
	c.pos += 4;
	assert_true(conn_fill(&c));
	heard(fd[1], "");
	conn_put(&c, "2\r\n...", 3);
	assert_true(conn_flush(&c));
	heard(fd[1], "1\r\n2\r\n");
	/* before it waits it sends */
	c.pos = c.len;
	conn_puts(&c, "3\r\n");
	assert_int_equal(shutdown(fd[1], SHUT_WR), 0);
	assert_false(conn_fill(&c));
	heard(fd[1], "3\r\n");
	assert_true(c.broken);
	close(fd[0]);
	close(fd[1]);
}

static void no_byte_behind_the_line(void **state)
{
	static char const *const lines[] = { "USER a\r\n", "\n", "PASS b\r\n", "\r\n" };
	char rest[16];
	int fd[2];
	size_t i;
	int k;

	(void)state;
	for (k = 0; k < 2; k++) {
		if (k == 0)
			pair(fd);
		else
			assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
		say(fd[1], "USER a\r\n\nPASS b\r\n\r\nSTAT\r\n");
		conn_open(&c, fd[0], fd[0], 5);
		for (i = 0; i < sizeof lines / sizeof lines[0]; i++) {
			size_t got = 0;

			while (got < strlen(lines[i])) {
				assert_true(conn_fill_line(&c));
				assert_true(c.len <= strlen(lines[i]) - got);
				assert_memory_equal(c.inbuf, lines[i] + got, c.len);
				got += c.len;
				c.pos = c.len;
			}
		}
		assert_int_equal(read(fd[0], rest, sizeof rest), 6);
		assert_memory_equal(rest, "STAT\r\n", 6);
		close(fd[1]);
		assert_false(conn_fill_line(&c));
		close(fd[0]);
	}
}

static void patience(void **state)
{
	int fd[2];

	(void)state;
	pair(fd);
	conn_open(&c, fd[0], fd[0], 0);
	assert_false(conn_fill(&c));
	heard(fd[1], "");
	/* the whole has an end, however patient we are with each line */
	conn_open(&c, fd[0], fd[0], 100);
	conn_within(&c, 0);
	assert_false(conn_fill(&c));
	close(fd[0]);
	close(fd[1]);
}

static void farewell(void **state)
{
	int fd[2];

	(void)state;
	pair(fd);
	conn_open(&c, fd[0], fd[0], 0);
	c.farewell = "too late\r\n";
	assert_false(conn_fill_line(&c));
	heard(fd[1], "too late\r\n");
	close(fd[0]);
	close(fd[1]);
}

static void more_than_the_buffer(void **state)
{
	static char big[CONN_OUT + 3];
	static char got[sizeof big];
	int fd[2];

	(void)state;
	memset(big, 'x', sizeof big);
	pair(fd);
	conn_open(&c, fd[0], fd[0], 5);
	conn_put(&c, big, CONN_OUT - 1);
	heard(fd[1], "");
	conn_put(&c, big, 4);
	assert_int_equal(recv(fd[1], got, sizeof got, MSG_DONTWAIT), CONN_OUT);
	assert_true(conn_flush(&c));
	heard(fd[1], "xxx");
	/* a peer that is gone */
	close(fd[1]);
	conn_put(&c, big, sizeof big);
	assert_false(conn_flush(&c));
	assert_false(conn_fill(&c));
	close(fd[0]);
}

static void commands(void **state)
{
	smtpcmd cmd = SMTPCMD_ZERO;
	int fd[2];

	(void)state;
	pair(fd);
	conn_open(&c, fd[0], fd[0], 5);
	say(fd[1], "HELO a\r\nNO");
	assert_int_equal(conn_command(&c, &cmd, conn_fill), SMTPCMD_LINE);
	assert_int_equal(cmd.line.len, 6);
	assert_memory_equal(cmd.line.s, "HELO a", 6);
	assert_int_equal(conn_command(&c, &cmd, conn_fill), SMTPCMD_MORE);
	say(fd[1], "OP\n");
	assert_int_equal(conn_command(&c, &cmd, conn_fill_line), SMTPCMD_LINE);
	assert_memory_equal(cmd.line.s, "NOOP", 4);
	assert_int_equal(shutdown(fd[1], SHUT_WR), 0);
	assert_int_equal(conn_command(&c, &cmd, conn_fill), SMTPCMD_GONE);
	stralloc_free(&cmd.line);
	close(fd[0]);
	close(fd[1]);
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
		cmocka_unit_test(replies_leave_together),
		cmocka_unit_test(no_byte_behind_the_line),
		cmocka_unit_test(patience),
		cmocka_unit_test(farewell),
		cmocka_unit_test(more_than_the_buffer),
		cmocka_unit_test(commands),
	};

	return cmocka_run_group_tests(tests, start, 0);
}
