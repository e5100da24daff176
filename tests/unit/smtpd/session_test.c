/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "smtpd/session.h"

static conn wire;

/* A policy as if control held only a name and one domain in rcpthosts. */
static void load(policy *p)
{
	static size_t const line = 1;
	static char const domain[] = "ok.example";

	*p = (policy)POLICY_ZERO;
	assert_true(stralloc_copys(&p->greeting, "mx"));
	p->timeout = 5;
	p->hosts.present = 1;
	assert_true(stralloc_copyb(&p->hosts.list.entries, domain, sizeof domain));
	assert_true(stralloc_copyb(&p->hosts.list.lines, (char const *)&line, sizeof line));
	p->hosts.list.n = 1;
	assert_true(constmap_set(&p->hosts.few, &p->hosts.list));
}

/* Run a whole session on input that arrives in pieces of step bytes; what was said goes to *out, the
 * number of times anything was said to *pieces. Gives the exit code. */
static int talk(stralloc *out, size_t *pieces, char const *in, size_t n, size_t step, char const *relayclient)
{
	session s = SESSION_ZERO;
	policy p;
	int fd[2];
	int code;
	size_t i;
	ssize_t r;

	/* Packets keep the pieces apart without a second process. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd), 0);
	for (i = 0; i < n; i += step)
		assert_true(write(fd[1], in + i, n - i < step ? n - i : step) > 0);
	assert_int_equal(shutdown(fd[1], SHUT_WR), 0);
	load(&p);
	p.relayclient = relayclient;
	conn_open(&wire, fd[0], fd[0], p.timeout);
	s.conn = &wire;
	s.policy = &p;
	s.client = (received){ .host = "h", .ip = "i", .local = "l", .protocol = "SMTP" };
	code = session_run(&s);
	/* Unread input would take the last replies with it. */
	while (recv(fd[0], wire.inbuf, sizeof wire.inbuf, 0) > 0)
		;
	close(fd[0]);
	out->len = 0;
	*pieces = 0;
	for (;;) {
		char buf[CONN_OUT];

		r = read(fd[1], buf, sizeof buf);
		if (r <= 0)
			break;
		assert_true(stralloc_catb(out, buf, (size_t)r));
		++*pieces;
	}
	assert_true(stralloc_0(out));
	close(fd[1]);
	session_free(&s);
	policy_free(&p);
	return code;
}

static void dialogues(void **state)
{
	static struct { char const *in; char const *out; int code; } const cases[] = {
		{ "", "220 mx ESMTP\r\n", 1 },
		{ "QUIT\r\n", "220 mx ESMTP\r\n221 mx\r\n", 0 },
		{ "quit", "220 mx ESMTP\r\n", 1 },
		{ "ehlo x\nnoop\nquit\n",
		  "220 mx ESMTP\r\n250-mx\r\n250-PIPELINING\r\n250 8BITMIME\r\n250 ok\r\n221 mx\r\n", 0 },
		{ "QUIT\r\nNOOP\r\n", "220 mx ESMTP\r\n221 mx\r\n", 0 },
		{ "\r\nFOO\r\nQUIT\r\n",
		  "220 mx ESMTP\r\n502 unimplemented (#5.5.1)\r\n502 unimplemented (#5.5.1)\r\n221 mx\r\n", 0 },
		{ "RCPT TO:<a>\r\nDATA\r\nQUIT\r\n",
		  "220 mx ESMTP\r\n503 MAIL first (#5.5.1)\r\n503 MAIL first (#5.5.1)\r\n221 mx\r\n", 0 },
		{ "MAIL FROM:<a>\r\nDATA\r\nQUIT\r\n", "220 mx ESMTP\r\n250 ok\r\n503 RCPT first (#5.5.1)\r\n221 mx\r\n", 0 },
		{ "MAIL FROM:<a\rb>\r\nRCPT TO:<c>\r\nQUIT\r\n",
		  "220 mx ESMTP\r\n555 syntax error (#5.5.4)\r\n503 MAIL first (#5.5.1)\r\n221 mx\r\n", 0 },
		{ "MAIL FROM:<a>\r\nRCPT TO:<c@no.example>\r\nRCPT TO:<c@ok.example>\r\nQUIT\r\n",
		  "220 mx ESMTP\r\n250 ok\r\n553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)\r\n"
		  "250 ok\r\n221 mx\r\n", 0 },
	};
	stralloc out = STRALLOC_ZERO;
	size_t i, step, pieces;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = strlen(cases[i].in);

		for (step = 1; step <= n + 1; step++) {
			assert_int_equal(talk(&out, &pieces, cases[i].in, n, step, 0), cases[i].code);
			assert_string_equal(out.s, cases[i].out);
		}
	}
	stralloc_free(&out);
}

/* Commands that come together are answered together (the greeting goes first, before we know). */
static void pipelined(void **state)
{
	static char const in[] = "EHLO x\r\nMAIL FROM:<a>\r\nRCPT TO:<b>\r\nRCPT TO:<c>\r\nNOOP\r\nRSET\r\n";
	stralloc out = STRALLOC_ZERO;
	size_t pieces;

	(void)state;
	assert_int_equal(talk(&out, &pieces, in, sizeof in - 1, sizeof in, 0), 1);
	assert_int_equal(pieces, 2);
	stralloc_free(&out);
}

/* The codes that a list of commands must get, by rules as plain as they come. */
enum { HELO, MAIL, BADMAIL, RCPT, REFUSED, DATA, RSET, JUNK, KINDS };

static char const *const text[KINDS] = {
	"HELO x\r\n", "MAIL FROM:<a@b>\r\n", "MAIL FROM:<\r>\r\n", "RCPT TO:<a@ok.example>\r\n",
	"RCPT TO:<a@no.example>\r\n", "DATA\r\n", "RSET\r\n", "\1\r\n",
};

static char const *predict(int kind, int *mailed, int *rcpted)
{
	int had_mail = *mailed;

	switch (kind) {
	case HELO:
	case RSET:
		*mailed = *rcpted = 0;
		return "250";
	case MAIL:
		*mailed = 1;
		*rcpted = 0;
		return "250";
	case BADMAIL:
		return "555";
	case RCPT:
		*rcpted |= had_mail;
		return had_mail ? "250" : "503";
	case REFUSED:
		return had_mail ? "553" : "503";
	case DATA:
		return *rcpted ? "354" : "503";
	default:
		return "502";
	}
}

static void check_sequence(stralloc *out, int const *kinds, size_t length)
{
	stralloc in = STRALLOC_ZERO;
	int mailed = 0;
	int rcpted = 0;
	char const *at;
	size_t i, pieces;

	for (i = 0; i < length; i++)
		assert_true(stralloc_cats(&in, text[kinds[i]]));
	talk(out, &pieces, in.s, in.len, in.len + 1, 0);
	at = strstr(out->s, "\r\n");
	for (i = 0; i < length; i++) {
		char const *want = predict(kinds[i], &mailed, &rcpted);

		assert_non_null(at);
		assert_memory_equal(at + 2, want, 3);
		at = strstr(at + 2, "\r\n");
		/* All that follows is the message, which never ends. */
		if (strcmp(want, "354") == 0)
			break;
	}
	assert_non_null(at);
	assert_string_equal(at, "\r\n");
	stralloc_free(&in);
}

static void sequences(void **state)
{
	stralloc out = STRALLOC_ZERO;
	size_t length;

	(void)state;
	for (length = 1; length <= 4; length++) {
		size_t combinations = 1;
		size_t i, k;

		for (i = 0; i < length; i++)
			combinations *= KINDS;
		for (k = 0; k < combinations; k++) {
			int kinds[4];
			size_t rest = k;

			for (i = 0; i < length; i++, rest /= KINDS)
				kinds[i] = (int)(rest % KINDS);
			check_sequence(&out, kinds, length);
		}
	}
	stralloc_free(&out);
}

/* A queue program that cannot be run: every message is answered 451, the session goes on. */
static void no_queue(void **state)
{
	static char const in[] =
		"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\nx\r\n.\r\n"
		"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n.\r\n"
		"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\na\nb\r\n.\r\nQUIT\r\n";
	stralloc out = STRALLOC_ZERO;
	size_t step, pieces, count;

	(void)state;
	for (step = 1; step <= 40; step += 3) {
		char const *at;

		assert_int_equal(talk(&out, &pieces, in, sizeof in - 1, step, 0), 1);
		count = 0;
		for (at = out.s; (at = strstr(at, "\r\n451 ")); at++)
			count++;
		assert_int_equal(count, 3);
		assert_null(strstr(out.s, "221"));
	}
	stralloc_free(&out);
}

/* Recipients are kept within their limit, counting what RELAYCLIENT adds. */
static void many(void **state)
{
	static char suffix[100001];
	stralloc in = STRALLOC_ZERO;
	stralloc out = STRALLOC_ZERO;
	char const *at;
	size_t i, pieces;
	size_t took = 0;

	(void)state;
	memset(suffix, 's', sizeof suffix - 1);
	assert_true(stralloc_cats(&in, "MAIL FROM:<a>\r\n"));
	for (i = 0; i < 300; i++)
		assert_true(stralloc_cats(&in, "RCPT TO:<b>\r\n"));
	talk(&out, &pieces, in.s, in.len, in.len, suffix);
	for (at = out.s; (at = strstr(at, "250 ok")); at++)
		took++;
	assert_int_equal(took - 1, SESSION_RECIPIENTS_MAX / (sizeof suffix + 1));
	assert_non_null(strstr(out.s, "452 too many recipients"));
	stralloc_free(&in);
	stralloc_free(&out);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(dialogues),
		cmocka_unit_test(pipelined),
		cmocka_unit_test(sequences),
		cmocka_unit_test(no_queue),
		cmocka_unit_test(many),
	};

	signal(SIGPIPE, SIG_IGN);
	setenv("QMAILQUEUE", "/nonexistent/queue", 1);
	io_start();
	return cmocka_run_group_tests(tests, 0, 0);
}
