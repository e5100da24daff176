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

/* What the next sessions are under; 0 is the default of each. */
static uint64_t databytes, recipients;
static int reject_bare_cr;

/* A policy as if control held only a name and one domain in rcpthosts. */
static void load(policy *p)
{
	static size_t const line = 1;
	static char const domain[] = "ok.example";

	*p = (policy)POLICY_ZERO;
	assert_true(stralloc_copys(&p->greeting, "mx"));
	p->timeout = 5;
	p->session_seconds = 60;
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
	p.databytes = databytes;
	p.recipients = recipients;
	p.reject_bare_cr = reject_bare_cr;
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

/* What is no path, and mail to nobody. */
static void paths(void **state)
{
	static char const *const bad[] = {
		"MAIL", "MAIL FROM", "MAIL FROM:", "MAIL a@b", "MAIL FROM:<@r>", "MAIL FROM:<a@b", "MAIL FROM:<\"a@b>",
	};
	stralloc out = STRALLOC_ZERO;
	stralloc in = STRALLOC_ZERO;
	size_t i, pieces;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		in.len = 0;
		assert_true(stralloc_cats(&in, bad[i]) && stralloc_cats(&in, "\r\nRCPT TO:<c@ok.example>\r\nQUIT\r\n"));
		assert_int_equal(talk(&out, &pieces, in.s, in.len, in.len, 0), 0);
		assert_string_equal(out.s, "220 mx ESMTP\r\n555 syntax error (#5.5.4)\r\n503 MAIL first (#5.5.1)\r\n221 mx\r\n");
		/* and as a recipient */
		in.len = 0;
		assert_true(stralloc_cats(&in, "MAIL FROM:<>\r\nRCPT") && stralloc_cats(&in, bad[i] + 4)
			&& stralloc_cats(&in, "\r\nDATA\r\nQUIT\r\n"));
		assert_int_equal(talk(&out, &pieces, in.s, in.len, in.len, 0), 0);
		assert_string_equal(out.s,
			"220 mx ESMTP\r\n250 ok\r\n555 syntax error (#5.5.4)\r\n503 RCPT first (#5.5.1)\r\n221 mx\r\n");
	}
	stralloc_free(&in);
	stralloc_free(&out);
}

static void nobody(void **state)
{
	static char const alone[] = "MAIL FROM:<>\r\nRCPT TO:<>\r\nRCPT TO:<>\r\nDATA\r\nQUIT\r\n";
	static char const among[] = "MAIL FROM:<>\r\nRCPT TO:<>\r\nRCPT TO:<a>\r\nDATA\r\n.\r\nQUIT\r\n";
	stralloc out = STRALLOC_ZERO;
	size_t pieces;

	(void)state;
	assert_int_equal(talk(&out, &pieces, alone, sizeof alone - 1, sizeof alone, 0), 0);
	assert_string_equal(out.s, "220 mx ESMTP\r\n250 ok\r\n250 ok\r\n250 ok\r\n"
		"554 no recipient, <> is nobody (#5.1.3)\r\n221 mx\r\n");
	assert_int_equal(talk(&out, &pieces, among, sizeof among - 1, sizeof among, 0), 0);
	assert_non_null(strstr(out.s, "250 ok\r\n354 go ahead\r\n451 "));
	stralloc_free(&out);
}

static void size(void **state)
{
	static struct { uint64_t databytes; char const *args; char const *code; } const cases[] = {
		{ 0, "<a> SIZE=99999999999999999999", "250" },
		{ 100, "<a> SIZE=100", "250" },
		{ 100, "<a> SIZE=101", "552" },
		{ 100, "a BODY=8BITMIME size=101", "552" },
		{ 100, "<a> SIZE=99999999999999999999", "552" },
		{ 100, "<a> SIZE=", "250" },
		{ 100, "<\"SIZE=101 SIZE=101\"@b>", "250" },
		{ UINT64_MAX, "<a> SIZE=99999999999999999999", "250" },
	};
	stralloc out = STRALLOC_ZERO;
	size_t i, pieces;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		stralloc in = STRALLOC_ZERO;

		databytes = cases[i].databytes;
		assert_true(stralloc_cats(&in, "MAIL FROM:") && stralloc_cats(&in, cases[i].args) && stralloc_cats(&in, "\r\n"));
		talk(&out, &pieces, in.s, in.len, in.len, 0);
		assert_memory_equal(out.s + strlen("220 mx ESMTP\r\n"), cases[i].code, 3);
		stralloc_free(&in);
	}
	databytes = 0;
	stralloc_free(&out);
}

static void nul(void **state)
{
	static char const in[] = "HELO a\0b\r\nMAIL FROM:<a\0b@c>\r\nRCPT TO:<c>\r\nNO\0OP\r\n\0\r\nQUIT\r\n";
	stralloc out = STRALLOC_ZERO;
	size_t step, pieces;

	(void)state;
	for (step = 1; step <= sizeof in; step++) {
		assert_int_equal(talk(&out, &pieces, in, sizeof in - 1, step, 0), 0);
		assert_string_equal(out.s, "220 mx ESMTP\r\n500 NUL in command (#5.5.2)\r\n500 NUL in command (#5.5.2)\r\n"
			"503 MAIL first (#5.5.1)\r\n500 NUL in command (#5.5.2)\r\n500 NUL in command (#5.5.2)\r\n221 mx\r\n");
	}
	stralloc_free(&out);
}

/* A browser's request is answered as any junk is; its second line ends the session. */
static void web(void **state)
{
	static char const post[] = "POST / HTTP/1.1\r\nHost: mx\r\n\r\nHELO x\r\nMAIL FROM:<a>\r\n";
	static char const harmless[] = "get x\r\nNOOP\r\nQUIT\r\n";
	stralloc out = STRALLOC_ZERO;
	size_t pieces;

	(void)state;
	assert_int_equal(talk(&out, &pieces, post, sizeof post - 1, sizeof post, 0), 1);
	assert_string_equal(out.s, "220 mx ESMTP\r\n502 unimplemented (#5.5.1)\r\n421 this is no web server (#4.7.0)\r\n");
	assert_int_equal(talk(&out, &pieces, harmless, sizeof harmless - 1, sizeof harmless, 0), 0);
	assert_string_equal(out.s, "220 mx ESMTP\r\n502 unimplemented (#5.5.1)\r\n250 ok\r\n221 mx\r\n");
	stralloc_free(&out);
}

static void junk(void **state)
{
	stralloc in = STRALLOC_ZERO;
	stralloc out = STRALLOC_ZERO;
	char const *at;
	size_t i, pieces;
	size_t answered = 0;

	(void)state;
	for (i = 0; i < SESSION_JUNK_MAX; i++)
		assert_true(stralloc_cats(&in, "XYZZY\r\nNOOP\r\n"));
	assert_true(stralloc_cats(&in, "QUIT\r\n"));
	assert_int_equal(talk(&out, &pieces, in.s, in.len, in.len, 0), 0);
	in.len -= 6;
	assert_true(stralloc_cats(&in, "XYZZY\r\nQUIT\r\n"));
	assert_int_equal(talk(&out, &pieces, in.s, in.len, in.len, 0), 1);
	for (at = out.s; (at = strstr(at, "502 ")); at++)
		answered++;
	assert_int_equal(answered, SESSION_JUNK_MAX);
	assert_non_null(strstr(out.s, "250 ok\r\n421 too many unknown commands (#4.7.0)\r\n"));
	assert_null(strstr(out.s, "221"));
	stralloc_free(&in);
	stralloc_free(&out);
}

/* The limit is of each message, and a refused recipient does not count. */
static void number_of_recipients(void **state)
{
	static char const in[] = "MAIL FROM:<a>\r\nRCPT TO:<a>\r\nRCPT TO:<a@no.example>\r\nRCPT TO:<b>\r\nRCPT TO:<c>\r\n"
		"MAIL FROM:<a>\r\nRCPT TO:<d>\r\n";
	stralloc out = STRALLOC_ZERO;
	size_t pieces;

	(void)state;
	recipients = 2;
	talk(&out, &pieces, in, sizeof in - 1, sizeof in, 0);
	recipients = 0;
	assert_string_equal(out.s, "220 mx ESMTP\r\n250 ok\r\n250 ok\r\n"
		"553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)\r\n250 ok\r\n"
		"452 too many recipients (#4.5.3)\r\n250 ok\r\n250 ok\r\n");
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

static void bare_cr(void **state)
{
	static char const in[] =
		"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\na\rb\r\n.\r\n"
		"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\nab\r\n.\r\nQUIT\r\n";
	stralloc out = STRALLOC_ZERO;
	char const *first;
	size_t step, pieces;

	(void)state;
	for (step = 1; step <= 40; step += 3) {
		reject_bare_cr = 1;
		assert_int_equal(talk(&out, &pieces, in, sizeof in - 1, step, 0), 0);
		first = strstr(out.s, "354 go ahead\r\n554 carriage return without line feed in message (#5.6.0)\r\n");
		assert_non_null(first);
		assert_non_null(strstr(first, "354 go ahead\r\n451 "));
		reject_bare_cr = 0;
		assert_int_equal(talk(&out, &pieces, in, sizeof in - 1, step, 0), 0);
		assert_null(strstr(out.s, "554 "));
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
		cmocka_unit_test(paths),
		cmocka_unit_test(nobody),
		cmocka_unit_test(size),
		cmocka_unit_test(nul),
		cmocka_unit_test(web),
		cmocka_unit_test(junk),
		cmocka_unit_test(number_of_recipients),
		cmocka_unit_test(pipelined),
		cmocka_unit_test(sequences),
		cmocka_unit_test(no_queue),
		cmocka_unit_test(bare_cr),
		cmocka_unit_test(many),
	};

	signal(SIGPIPE, SIG_IGN);
	setenv("QMAILQUEUE", "/nonexistent/queue", 1);
	io_start();
	return cmocka_run_group_tests(tests, 0, 0);
}
