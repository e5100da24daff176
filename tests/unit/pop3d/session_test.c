/* SPDX-License-Identifier: ISC */

#include "pop3d/session.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/stralloc.h>

#include "base/io.h"
#include "unit.h"

static conn client;
static int odd;         /* there is a message with an odd name */
static char root[] = "/tmp/pop3d_session_test.XXXXXX";

static void put(char const *name, char const *text, time_t when)
{
	struct timespec const t[2] = { { when, 0 }, { when, 0 } };
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(utimensat(AT_FDCWD, name, t, 0), 0);
}

static int begin(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	if (!io_start() || !mkdtemp(root) || chdir(root) < 0)
		return -1;
	return mkdir("new", 0700) == 0 && mkdir("cur", 0700) == 0 ? 0 : -1;
}

static void clear(void)
{
	static char const *const names[] = { "new/a", "cur/a:2,", "cur/b:2,S", "cur/x\ny" };
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		unlink(names[i]);
}

static int finish(void **state)
{
	(void)state;
	clear();
	return rmdir("new") == 0 && rmdir("cur") == 0 && chdir("/") == 0 && rmdir(root) == 0 ? 0 : -1;
}

/* A session over two messages, on input that arrives in pieces of step bytes; what was said goes to *out. */
static void talk(stralloc *out, char const *in, size_t n, size_t step, int capa)
{
	maildir m = MAILDIR_ZERO;
	session s = SESSION_ZERO;
	char buf[256];
	int fd[2];
	size_t i;
	ssize_t r;

	clear();
	put("new/a", "A: 1\n\n.\n", 1000);
	put("cur/b:2,S", "B: 2\n\nx\ny\n", 2000);
	if (odd)
		put("cur/x\ny", "", 500);
	assert_true(maildir_scan(&m, 3000));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd), 0);
	for (i = 0; i < n; i += step)
		assert_true(write(fd[1], in + i, n - i < step ? n - i : step) > 0);
	assert_int_equal(shutdown(fd[1], SHUT_WR), 0);
	conn_open(&client, fd[0], fd[0], 5);
	s.conn = &client;
	s.maildir = &m;
	s.capa = capa;
	session_run(&s);
	/* Unread input would take the last replies with it. */
	while (recv(fd[0], client.inbuf, sizeof client.inbuf, 0) > 0)
		;
	close(fd[0]);
	out->len = 0;
	while ((r = read(fd[1], buf, sizeof buf)) > 0)
		assert_true(stralloc_catb(out, buf, (size_t)r));
	assert_true(stralloc_0(out));
	close(fd[1]);
	maildir_free(&m);
}

static void dialogues(void **state)
{
	static struct { char const *in; char const *out; char const *left; } const cases[] = {
		{ "", "+OK \r\n", "new/a" },
		{ "QUIT", "+OK \r\n", "new/a" },
		{ "QUIT\r\n", "+OK \r\n+OK \r\n", "cur/a:2," },
		{ "STAT\nquit\n", "+OK \r\n+OK 2 18\r\n+OK \r\n", "cur/a:2," },
		{ "DELE 1\r\nSTAT\r\nLIST\r\nUIDL\r\nLAST\r\n",
		  "+OK \r\n+OK \r\n+OK 1 10\r\n+OK \r\n2 10\r\n.\r\n+OK \r\n2 b\r\n.\r\n+OK 1\r\n", "new/a" },
		{ "DELE 2\r\nDELE 1\r\nLAST\r\nSTAT\r\nRSET\r\nLAST\r\nSTAT\r\n",
		  "+OK \r\n+OK \r\n+OK \r\n+OK 2\r\n+OK 0 0\r\n+OK \r\n+OK 0\r\n+OK 2 18\r\n", "new/a" },
		{ "DELE 1\r\nDELE 1\r\nRETR 1\r\nTOP 1 1\r\nLIST 1\r\nUIDL 1\r\n",
		  "+OK \r\n+OK \r\n-ERR already deleted\r\n-ERR already deleted\r\n-ERR already deleted\r\n"
		  "-ERR already deleted\r\n-ERR already deleted\r\n", "new/a" },
		{ "RETR 1\r\nRETR 2 1\r\nTOP 2 0\r\nTOP 2\r\n",
		  "+OK \r\n+OK \r\nA: 1\r\n\r\n..\r\n.\r\n+OK \r\nB: 2\r\n\r\nx\r\n.\r\n+OK \r\nB: 2\r\n\r\n.\r\n"
		  "+OK \r\nB: 2\r\n\r\nx\r\ny\r\n.\r\n", "new/a" },
		{ "TOP 2   1x\r\nRETR 2x1\r\n",
		  "+OK \r\n+OK \r\nB: 2\r\n\r\nx\r\n.\r\n+OK \r\nB: 2\r\n\r\nx\r\ny\r\n.\r\n", "new/a" },
		{ "RETR\r\nRETR 0\r\nRETR 3\r\nRETR 99999999999999999999\r\nDELE -1\r\nLIST x\r\nLIST 2 9\r\nUIDL 02\r\n",
		  "+OK \r\n-ERR syntax error\r\n-ERR messages are counted from 1\r\n-ERR not that many messages\r\n"
		  "-ERR not that many messages\r\n-ERR syntax error\r\n-ERR syntax error\r\n+OK 2 10\r\n+OK 2 b\r\n", "new/a" },
		{ "CAPA\r\n\r\nUSER x\r\nnoop x\r\n",
		  "+OK \r\n-ERR unimplemented\r\n-ERR unimplemented\r\n-ERR unimplemented\r\n+OK \r\n", "new/a" },
		{ "QUIT\r\nNOOP\r\n", "+OK \r\n+OK \r\n", "cur/a:2," },
	};
	stralloc out = STRALLOC_ZERO;
	size_t i;
	size_t step;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = strlen(cases[i].in);

		for (step = 1; step <= n + 1; step++) {
			talk(&out, cases[i].in, n, step, 0);
			assert_string_equal(out.s, cases[i].out);
			assert_int_equal(access(cases[i].left, F_OK), 0);
		}
	}
	stralloc_free(&out);
}

static void removal(void **state)
{
	static char const in[] = "DELE 1\r\nQUIT\r\n";
	stralloc out = STRALLOC_ZERO;

	(void)state;
	talk(&out, in, sizeof in - 1, sizeof in, 0);
	assert_string_equal(out.s, "+OK \r\n+OK \r\n+OK \r\n");
	assert_int_equal(access("new/a", F_OK), -1);
	assert_int_equal(access("cur/a:2,", F_OK), -1);
	assert_int_equal(access("cur/b:2,S", F_OK), 0);
	stralloc_free(&out);
}

static void capabilities(void **state)
{
	stralloc out = STRALLOC_ZERO;

	(void)state;
	talk(&out, "CAPA\r\n", 6, 6, 1);
	assert_string_equal(out.s, "+OK \r\n+OK \r\nTOP\r\nUIDL\r\nPIPELINING\r\n.\r\n");
	stralloc_free(&out);
}

/* Where CAPA is known a client means what it says. */
static void strict(void **state)
{
	static struct { char const *in; char const *out; } const cases[] = {
		{ "RETR 1\r\n", "+OK \r\nA: 1\r\n\r\n..\r\n.\r\n" },
		{ "RETR 1  \r\n", "+OK \r\nA: 1\r\n\r\n..\r\n.\r\n" },
		{ "TOP 2  1\r\n", "+OK \r\nB: 2\r\n\r\nx\r\n.\r\n" },
		{ "TOP 2\r\n", "+OK \r\nB: 2\r\n\r\nx\r\ny\r\n.\r\n" },
		{ "LIST 2\r\nUIDL 2\r\nDELE 2\r\n", "+OK 2 10\r\n+OK 2 b\r\n+OK \r\n" },
		{ "RETR 1 1\r\n", "-ERR syntax error\r\n" },
		{ "RETR 1x\r\n", "-ERR syntax error\r\n" },
		{ "TOP 1x 1\r\n", "-ERR syntax error\r\n" },
		{ "TOP 1 x\r\n", "-ERR syntax error\r\n" },
		{ "TOP 1 1x\r\n", "-ERR syntax error\r\n" },
		{ "TOP 1 1 1\r\n", "-ERR syntax error\r\n" },
		{ "DELE 1 2\r\nLIST 1 2\r\nUIDL 1,2\r\nSTAT\r\n",
		  "-ERR syntax error\r\n-ERR syntax error\r\n-ERR syntax error\r\n+OK 2 18\r\n" },
	};
	stralloc out = STRALLOC_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = strlen(cases[i].in);

		talk(&out, cases[i].in, n, n, 1);
		assert_memory_equal(out.s, "+OK \r\n", 6);
		assert_string_equal(out.s + 6, cases[i].out);
	}
	stralloc_free(&out);
}

static void no_line_end_in_a_name(void **state)
{
	stralloc out = STRALLOC_ZERO;

	(void)state;
	odd = 1;
	talk(&out, "UIDL\r\nUIDL 1\r\n", 14, 14, 0);
	odd = 0;
	assert_string_equal(out.s, "+OK \r\n+OK \r\n1 x_y\r\n2 a\r\n3 b\r\n.\r\n+OK 1 x_y\r\n");
	stralloc_free(&out);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(dialogues),
		cmocka_unit_test(removal),
		cmocka_unit_test(capabilities),
		cmocka_unit_test(strict),
		cmocka_unit_test(no_line_end_in_a_name),
	};

	return cmocka_run_group_tests(tests, begin, finish);
}
