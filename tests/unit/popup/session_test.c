/* SPDX-License-Identifier: ISC */

#include "popup/session.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "unit.h"

static conn wire;

/* A whole session on input; what was said goes to *out, what was not read from the socket to *rest. */
static session_end talk(session *s, char const *pop3auth, char const *in, size_t n, stralloc *out, stralloc *rest)
{
	session_end end;
	char buf[256];
	int fd[2];
	ssize_t r;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	assert_true(io_writeall(fd[1], in, n));
	assert_int_equal(shutdown(fd[1], SHUT_WR), 0);
	conn_open(&wire, fd[0], fd[0], 5);
	*s = (session)SESSION_ZERO;
	s->conn = &wire;
	s->challenge = "<1.2@h>";
	session_choose(&s->methods, pop3auth);
	end = session_run(s);
	rest->len = out->len = 0;
	while ((r = read(fd[0], buf, sizeof buf)) > 0)
		assert_true(stralloc_catb(rest, buf, (size_t)r));
	close(fd[0]);
	while ((r = read(fd[1], buf, sizeof buf)) > 0)
		assert_true(stralloc_catb(out, buf, (size_t)r));
	close(fd[1]);
	assert_true(stralloc_0(out) && stralloc_0(rest));
	return end;
}

static void dialogues(void **state)
{
	static struct {
		char const *in;
		char const *out;        /* behind the greeting */
		session_end end;
		char const *name;
		char const *secret;
	} const cases[] = {
		{ "", "", SESSION_OVER, 0, 0 },
		{ "USER a", "", SESSION_OVER, 0, 0 },
		{ "USER a\r\nPASS b", "+OK \r\n", SESSION_OVER, 0, 0 },
		{ "QUIT\r\nNOOP\r\n", "+OK \r\n", SESSION_OVER, 0, 0 },
		{ "USER a\r\nPASS b\r\n", "+OK \r\n", SESSION_CREDENTIALS, "a", "b" },
		{ "user a\npass b\n", "+OK \r\n", SESSION_CREDENTIALS, "a", "b" },
		{ "USER   a b \r\nPASS   b  c \r\n", "+OK \r\n", SESSION_CREDENTIALS, "a b ", "  b  c " },
		{ "USER a\r\nPASS  \r\n", "+OK \r\n", SESSION_CREDENTIALS, "a", " " },
		{ "USER a\r\nPASS \r\nPASS\r\nPASS x\r\n", "+OK \r\n-ERR syntax error\r\n-ERR syntax error\r\n",
		  SESSION_CREDENTIALS, "a", "x" },
		{ "USER a\r\nUSER\r\nPASS x\r\n", "+OK \r\n-ERR syntax error\r\n", SESSION_CREDENTIALS, "a", "x" },
		{ "USER a\r\nUSER bb\r\nPASS x\r\n", "+OK \r\n+OK \r\n", SESSION_CREDENTIALS, "bb", "x" },
		{ "PASS x\r\nPASS\r\n", "-ERR USER first\r\n-ERR USER first\r\n", SESSION_OVER, 0, 0 },
		{ "APOP a d\r\n", "", SESSION_CREDENTIALS, "a", "d" },
		{ "APOP a \r\n", "", SESSION_CREDENTIALS, "a", "" },
		{ "APOP  a  d e\r\n", "", SESSION_CREDENTIALS, "a", " d e" },
		{ "APOP a\r\nAPOP\r\n", "-ERR syntax error\r\n-ERR syntax error\r\n", SESSION_OVER, 0, 0 },
		{ "USER u\r\nAPOP a d\r\n", "+OK \r\n", SESSION_CREDENTIALS, "a", "d" },
		{ "\r\nCAPA\r\nSTAT\r\nUSERS a\r\n", "-ERR authorization first\r\n-ERR authorization first\r\n"
		  "-ERR authorization first\r\n-ERR authorization first\r\n", SESSION_OVER, 0, 0 },
		{ "NOOP x\r\n", "+OK \r\n", SESSION_OVER, 0, 0 },
		{ "USER \xe9\r\r\nPASS \xff\r\n", "+OK \r\n", SESSION_CREDENTIALS, "\xe9\r", "\xff" },
	};
	stralloc out = STRALLOC_ZERO;
	stralloc rest = STRALLOC_ZERO;
	session s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(talk(&s, 0, cases[i].in, strlen(cases[i].in), &out, &rest), cases[i].end);
		assert_memory_equal(out.s, "+OK <1.2@h>\r\n", 13);
		assert_string_equal(out.s + 13, cases[i].out);
		if (cases[i].name) {
			assert_int_equal(s.name.len, strlen(cases[i].name));
			assert_memory_equal(s.name.s, cases[i].name, s.name.len);
			assert_int_equal(s.secret.len, strlen(cases[i].secret));
			assert_memory_equal(s.secret.s, cases[i].secret, s.secret.len);
		}
		session_wipe(&s);
	}
	stralloc_free(&out);
	stralloc_free(&rest);
}

static void nul_ends_a_line(void **state)
{
	static char const in[] = "USER a\0b\r\nPASS c\0d\r\n";
	stralloc out = STRALLOC_ZERO;
	stralloc rest = STRALLOC_ZERO;
	session s;

	(void)state;
	assert_int_equal(talk(&s, 0, in, sizeof in - 1, &out, &rest), SESSION_CREDENTIALS);
	assert_int_equal(s.name.len, 1);
	assert_int_equal(s.secret.len, 1);
	session_wipe(&s);
	stralloc_free(&out);
	stralloc_free(&rest);
}

static void what_follows_is_left(void **state)
{
	static char const in[] = "USER a\r\nPASS b\r\nSTAT\r\nQUIT\r\n";
	stralloc out = STRALLOC_ZERO;
	stralloc rest = STRALLOC_ZERO;
	session s;

	(void)state;
	assert_int_equal(talk(&s, 0, in, sizeof in - 1, &out, &rest), SESSION_CREDENTIALS);
	assert_string_equal(rest.s, "STAT\r\nQUIT\r\n");
	session_wipe(&s);
	stralloc_free(&out);
	stralloc_free(&rest);
}

static void methods(void **state)
{
	static char const in[] = "CAPA\r\nUSER a\r\nAPOP a\r\n";
	static char const capa[] = "+OK \r\nTOP\r\nUIDL\r\nPIPELINING\r\n";
	static char const no[] = "-ERR authorization first\r\n";
	static char const syntax[] = "-ERR syntax error\r\n";
	static struct { char const *value; char const *out[5]; } const cases[] = {
		{ 0, { "+OK <1.2@h>\r\n", no, "+OK \r\n", syntax, "" } },
		{ "+apop", { "+OK <1.2@h>\r\n", capa, "USER\r\n.\r\n", "+OK \r\n", syntax } },
		{ "APOP", { "+OK <1.2@h>\r\n", capa, ".\r\n", no, syntax } },
		{ "", { "+OK \r\n", capa, "USER\r\n.\r\n", "+OK \r\n", no } },
		{ "user", { "+OK \r\n", capa, "USER\r\n.\r\n", "+OK \r\n", no } },
	};
	stralloc out = STRALLOC_ZERO;
	stralloc rest = STRALLOC_ZERO;
	size_t i;
	size_t k;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		session s;
		char const *said;

		assert_int_equal(talk(&s, cases[i].value, in, sizeof in - 1, &out, &rest), SESSION_OVER);
		for (said = out.s, k = 0; k < 5; said += strlen(cases[i].out[k]), k++)
			assert_int_equal(strncmp(said, cases[i].out[k], strlen(cases[i].out[k])), 0);
		assert_string_equal(said, "");
		session_wipe(&s);
	}
	stralloc_free(&out);
	stralloc_free(&rest);
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
		cmocka_unit_test(dialogues),
		cmocka_unit_test(nul_ends_a_line),
		cmocka_unit_test(what_follows_is_left),
		cmocka_unit_test(methods),
	};

	return cmocka_run_group_tests(tests, start, 0);
}
