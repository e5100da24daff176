/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/io.h"
#include "qmtpd/session.h"

static conn wire;
static session s;

/* A policy as if control held only one domain in rcpthosts. */
static void load(policy *p, char const *relayclient, uint64_t databytes)
{
	static size_t const line = 1;
	static char const domain[] = "ok.example";

	*p = (policy)POLICY_ZERO;
	p->relayclient = relayclient;
	p->databytes = databytes;
	p->hosts.present = 1;
	assert_true(stralloc_copyb(&p->hosts.list.entries, domain, sizeof domain));
	assert_true(stralloc_copyb(&p->hosts.list.lines, (char const *)&line, sizeof line));
	p->hosts.list.n = 1;
	assert_true(constmap_set(&p->hosts.few, &p->hosts.list));
}

/* What each letter of an expected answer stands for. There is no queue program, so none is taken. */
static void expand(stralloc *sa, char const *letters)
{
	sa->len = 0;
	for (; *letters; letters++) {
		char const *text = "";

		switch (*letters) {
		case 'Q':
			text = access(conf_home, X_OK) < 0 ? "38:Zqq trouble in home directory (#4.3.0),"
				: "27:Zunable to exec qq (#4.3.0),";
			break;
		case 'W':
			text = "66:Dsorry, that domain isn't in my list of allowed rcpthosts (#5.7.1),";
			break;
		case 'U':
			text = "46:Dsorry, I can't handle that recipient (#5.1.3),";
			break;
		case 'S':
			text = "29:Dunacceptable sender (#5.1.7),";
			break;
		case 'B':
			text = "61:Dsorry, that message size exceeds my databytes limit (#5.3.4),";
			break;
		case 'H':
			text = "48:Dtoo many hops, this message is looping (#5.4.6),";
			break;
		default:
			fail();
		}
		assert_true(stralloc_cats(sa, text));
	}
	assert_true(stralloc_0(sa));
}

/* Run a session on input that arrives in pieces of step bytes. */
static session_end talk(stralloc *out, char const *in, size_t n, size_t step, char const *relayclient, uint64_t databytes)
{
	policy p;
	session_end end;
	int fd[2];
	size_t i;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd), 0);
	for (i = 0; i < n; i += step)
		assert_true(write(fd[1], in + i, n - i < step ? n - i : step) > 0);
	assert_int_equal(shutdown(fd[1], SHUT_WR), 0);
	load(&p, relayclient, databytes);
	memset(&s, 0, sizeof s);
	conn_open(&wire, fd[0], fd[0], 5);
	s.conn = &wire;
	s.policy = &p;
	s.client = (received){ .host = "h", .ip = "i", .local = "l", .protocol = "QMTP" };
	end = session_run(&s);
	while (recv(fd[0], wire.inbuf, sizeof wire.inbuf, 0) > 0)
		;
	close(fd[0]);
	out->len = 0;
	for (;;) {
		char buf[CONN_OUT];
		ssize_t r = read(fd[1], buf, sizeof buf);

		if (r <= 0)
			break;
		assert_true(stralloc_catb(out, buf, (size_t)r));
	}
	assert_true(stralloc_0(out));
	close(fd[1]);
	stralloc_free(&s.fates);
	hosts_free(&p.hosts);
	stralloc_free(&p.notes);
	return end;
}

static struct { char const *in; size_t n; char const *out; session_end end; } const cases[] = {
#define CASE(in, out, end) { in, sizeof in - 1, out, end }
	CASE("", "", SESSION_OVER),
	CASE("4:\nabc,1:s,4:1:r,,", "Q", SESSION_OVER),
	CASE("4:\nabc,0:,4:1:r,,", "Q", SESSION_OVER),
	CASE("4:\nabc,1:s,0:,", "", SESSION_OVER),
	CASE("4:\nabc,1:s,0:,4:\nabc,1:s,4:1:r,,", "Q", SESSION_OVER),
	CASE("4:\nabc,1:s,15:12:a@ok.example,,", "", SESSION_PROTOCOL),
	CASE("4:\nabc,1:s,20:12:a@ok.example,1:r,,", "QQ", SESSION_OVER),
	CASE("4:\nabc,1:s,27:12:a@ok.example,8:b@no.exa,,", "QW", SESSION_OVER),
	CASE("4:\nabc,1:s,27:8:b@no.exa,12:a@ok.example,,", "WQ", SESSION_OVER),
	CASE("4:\nabc,1:s,11:8:b@no.exa,,", "W", SESSION_OVER),
	CASE("4:\nabc,1:s,3:0:,,", "U", SESSION_OVER),
	CASE("4:\nabc,1:s,5:2:\0r,,", "U", SESSION_OVER),
	CASE("4:\nabc,1:s,7:4:\0@no,,", "W", SESSION_OVER),
	CASE("4:\nabc,2:\0s,7:3:a@b,,", "", SESSION_PROTOCOL),
	CASE("4:\nabc,2:\0s,10:1:r,3:a@b,,", "SW", SESSION_OVER),
	/* one message after another, the second in disorder: the first is answered */
	CASE("4:\nabc,1:s,4:1:r,,x", "Q", SESSION_PROTOCOL),
	CASE("4:\rabc,1:s,4:1:r,,4:\nabc,1:s,4:1:r,,", "QQ", SESSION_OVER),
	/* disorder */
	CASE("0:,1:s,4:1:r,,", "", SESSION_PROTOCOL),
	CASE("4:Xabc,1:s,4:1:r,,", "", SESSION_PROTOCOL),
	CASE("04:\nabc,1:s,4:1:r,,", "", SESSION_PROTOCOL),
	CASE("4:\nabc;1:s,4:1:r,,", "", SESSION_PROTOCOL),
	CASE("4:\nabc,1:s;4:1:r,,", "", SESSION_PROTOCOL),
	CASE("4:\nabc,1:s,4:1:r;,", "", SESSION_PROTOCOL),
	CASE("4:\nabc,1:s,4:1:r,;", "", SESSION_PROTOCOL),
	CASE("4:\nabc,1:s,4:x:r,,", "", SESSION_PROTOCOL),
	CASE("4:\nabc,1:s,5:01:r,,", "", SESSION_PROTOCOL),
	CASE("4:\nabc,1:s,4:1;r,,", "", SESSION_PROTOCOL),
	CASE("4:\nabc,1:s,4:9:r,,", "", SESSION_PROTOCOL),
	CASE("200000001:", "", SESSION_TROUBLE),
	CASE("4:\nabc,200000001:", "", SESSION_TROUBLE),
	/* cut */
	CASE("4", "", SESSION_OVER),
	CASE("4:\nab", "", SESSION_OVER),
	CASE("4:\nabc,1:s,4:1:r,", "", SESSION_OVER),
#undef CASE
};

static void messages(void **state)
{
	stralloc out = STRALLOC_ZERO;
	stralloc expected = STRALLOC_ZERO;
	size_t i, step;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (step = 1; step <= cases[i].n + 1; step++) {
			session_end end = talk(&out, cases[i].in, cases[i].n, step, 0, 0);

			expand(&expected, cases[i].out);
			assert_string_equal(out.s, expected.s);
			assert_int_equal(end, cases[i].end);
		}
	stralloc_free(&out);
	stralloc_free(&expected);
}

/* A message whose only recipient has n bytes. */
static void put_message(stralloc *sa, size_t n)
{
	char head[NETSTRING_HEAD_FMT];
	size_t len = netstring_head(head, n);

	sa->len = 0;
	assert_true(stralloc_cats(sa, "1:\n,0:,"));
	assert_true(stralloc_catb(sa, head, netstring_head(head, len + n + 1)));
	assert_true(stralloc_catb(sa, head, netstring_head(head, n)));
	for (; n > 0; n--)
		assert_true(stralloc_append(sa, 'r'));
	assert_true(stralloc_cats(sa, ",,"));
}

static void relaying(void **state)
{
	static char const nine[] = "123456789";
	char *huge = malloc(SESSION_ADDRESS_MAX + 2);
	struct { char const *suffix; size_t n; char const *out; } const rows[] = {
		{ "", 0, "U" },
		{ "", 1, "Q" },
		{ "", 999, "Q" },
		{ "", 1000, "U" },
		{ nine, 0, "Q" },
		{ nine, 990, "Q" },
		{ nine, 991, "U" },
		{ huge, 0, "U" },
		{ huge + 1, 0, "Q" },
		{ huge + 1, 1, "U" },
		{ huge + 2, 1, "Q" },
	};
	stralloc in = STRALLOC_ZERO;
	stralloc out = STRALLOC_ZERO;
	stralloc expected = STRALLOC_ZERO;
	size_t i;

	(void)state;
	assert_non_null(huge);
	memset(huge, '@', SESSION_ADDRESS_MAX + 1);
	huge[SESSION_ADDRESS_MAX + 1] = 0;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		put_message(&in, rows[i].n);
		assert_int_equal(talk(&out, in.s, in.len, in.len, rows[i].suffix, 0), SESSION_OVER);
		expand(&expected, rows[i].out);
		assert_string_equal(out.s, expected.s);
	}
	free(huge);
	stralloc_free(&in);
	stralloc_free(&out);
	stralloc_free(&expected);
}

static void refusals(void **state)
{
	static struct { char const *in; uint64_t databytes; char const *out; } const rows[] = {
		{ "4:\nabc,1:s,4:1:r,,", 3, "Q" },
		{ "4:\nabc,1:s,4:1:r,,", 2, "B" },
		{ "5:\ra\r\nb,1:s,4:1:r,,", 3, "Q" },
		{ "5:\ra\r\nb,1:s,4:1:r,,", 2, "B" },
		{ "5:\rabc\r,1:s,4:1:r,,", 3, "B" },
	};
	stralloc in = STRALLOC_ZERO;
	stralloc out = STRALLOC_ZERO;
	stralloc expected = STRALLOC_ZERO;
	char head[NETSTRING_HEAD_FMT];
	size_t i, fields;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		talk(&out, rows[i].in, strlen(rows[i].in), 3, 0, rows[i].databytes);
		expand(&expected, rows[i].out);
		assert_string_equal(out.s, expected.s);
	}
	for (fields = HOPS_MAX - 1; fields <= HOPS_MAX; fields++) {
		in.len = 0;
		assert_true(stralloc_catb(&in, head, netstring_head(head, 1 + 10 * fields + 11)));
		assert_true(stralloc_cats(&in, "\n"));
		for (i = 0; i < fields; i++)
			assert_true(stralloc_cats(&in, "Received:\n"));
		assert_true(stralloc_cats(&in, "\nReceived:\n,0:,4:1:r,,"));
		talk(&out, in.s, in.len, 100, 0, 0);
		expand(&expected, fields < HOPS_MAX ? "Q" : "H");
		assert_string_equal(out.s, expected.s);
	}
	stralloc_free(&in);
	stralloc_free(&out);
	stralloc_free(&expected);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(messages),
		cmocka_unit_test(relaying),
		cmocka_unit_test(refusals),
	};

	setenv("QMAILQUEUE", "/nonexistent/queue", 1);
	signal(SIGPIPE, SIG_IGN);
	io_start();
	return cmocka_run_group_tests(tests, 0, 0);
}
