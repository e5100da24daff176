/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/io.h"
#include "qmqpd/session.h"

static conn wire;
static session s;

static session_end talk(stralloc *out, char const *in, size_t n, size_t step)
{
	session_end end;
	int fd[2];
	size_t i;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd), 0);
	for (i = 0; i < n; i += step)
		assert_true(write(fd[1], in + i, n - i < step ? n - i : step) > 0);
	assert_int_equal(shutdown(fd[1], SHUT_WR), 0);
	memset(&s, 0, sizeof s);
	conn_open(&wire, fd[0], fd[0], 5);
	s.conn = &wire;
	s.client = (received){ .host = "h", .ip = "i", .local = "l", .protocol = "QMQP" };
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
	return end;
}

/* There is no queue program. */
static char const *no_queue(void)
{
	return access(conf_home, X_OK) < 0 ? "38:Zqq trouble in home directory (#4.3.0),"
		: "27:Zunable to exec qq (#4.3.0),";
}

static char const bad_address[] = "51:Dsorry, I can't accept addresses like that (#5.1.3),";

static void requests(void **state)
{
	enum { NOTHING, QUEUE, ADDRESS };
	static struct { char const *in; size_t n; int out; session_end end; } const cases[] = {
#define CASE(in, out, end) { in, sizeof in - 1, out, end }
		CASE("", NOTHING, SESSION_OVER),
		CASE("14:3:abc,1:s,1:r,,", QUEUE, SESSION_OVER),
		CASE("14:3:abc,1:s,1:r,,14:3:abc,1:s,1:r,,", QUEUE, SESSION_OVER),
		CASE("13:3:abc,0:,1:r,,", QUEUE, SESSION_OVER),
		CASE("10:3:abc,1:s,,", QUEUE, SESSION_OVER),
		CASE("18:3:abc,1:s,1:r,1:t,,", QUEUE, SESSION_OVER),
		CASE("11:0:,1:s,1:r,,", QUEUE, SESSION_OVER),
		CASE("15:3:abc,2:s\0,1:r,,", ADDRESS, SESSION_OVER),
		CASE("15:3:abc,1:s,2:\0r,,", ADDRESS, SESSION_OVER),
		/* disorder */
		CASE("0:,", NOTHING, SESSION_PROTOCOL),
		CASE("6:3:abc,,", NOTHING, SESSION_PROTOCOL),
		CASE("014:3:abc,1:s,1:r,,", NOTHING, SESSION_PROTOCOL),
		CASE("15:03:abc,1:s,1:r,,", NOTHING, SESSION_PROTOCOL),
		CASE("14:3:abc,1:s,1:r;,", NOTHING, SESSION_PROTOCOL),
		CASE("14:3:abc,1:s,1:r,;", NOTHING, SESSION_PROTOCOL),
		CASE("14:3:abc,1:s,2:r,,", NOTHING, SESSION_PROTOCOL),
		CASE("15:3:abc,1:s,1:r,x,", NOTHING, SESSION_PROTOCOL),
		CASE("14:3:abc,:,1:rr,,", NOTHING, SESSION_PROTOCOL),
		CASE("14:13:abc", NOTHING, SESSION_PROTOCOL),
		CASE("200000001:", NOTHING, SESSION_TROUBLE),
		/* cut */
		CASE("14:3:abc,1:s,1:r,", NOTHING, SESSION_OVER),
		CASE("14:3:ab", NOTHING, SESSION_OVER),
		CASE("14", NOTHING, SESSION_OVER),
#undef CASE
	};
	stralloc out = STRALLOC_ZERO;
	size_t i, step;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (step = 1; step <= cases[i].n + 1; step++) {
			char const *expected[] = { "", no_queue(), bad_address };

			assert_int_equal(talk(&out, cases[i].in, cases[i].n, step), cases[i].end);
			assert_string_equal(out.s, expected[cases[i].out]);
		}
	stralloc_free(&out);
}

static void put(stralloc *sa, char const *in, size_t n)
{
	char head[NETSTRING_HEAD_FMT];

	assert_true(stralloc_catb(sa, head, netstring_head(head, n)));
	assert_true(stralloc_catb(sa, in, n) && stralloc_cats(sa, ","));
}

static void long_addresses(void **state)
{
	stralloc request = STRALLOC_ZERO;
	stralloc in = STRALLOC_ZERO;
	stralloc out = STRALLOC_ZERO;
	char address[SESSION_ADDRESS_MAX + 1];
	size_t k;

	(void)state;
	memset(address, 'a', sizeof address);
	for (k = 0; k < 4; k++) {
		request.len = in.len = 0;
		put(&request, "m", 1);
		put(&request, address, SESSION_ADDRESS_MAX + (k & 1));
		put(&request, address, SESSION_ADDRESS_MAX + (k >> 1));
		put(&in, request.s, request.len);
		assert_int_equal(talk(&out, in.s, in.len, 50), SESSION_OVER);
		assert_string_equal(out.s, k ? bad_address : no_queue());
	}
	stralloc_free(&request);
	stralloc_free(&in);
	stralloc_free(&out);
}

static void looping(void **state)
{
	stralloc request = STRALLOC_ZERO;
	stralloc text = STRALLOC_ZERO;
	stralloc in = STRALLOC_ZERO;
	stralloc out = STRALLOC_ZERO;
	size_t fields, i;

	(void)state;
	for (fields = HOPS_MAX - 1; fields <= HOPS_MAX; fields++) {
		request.len = text.len = in.len = 0;
		for (i = 0; i < fields; i++)
			assert_true(stralloc_cats(&text, "Received: x\n"));
		assert_true(stralloc_cats(&text, "\nReceived: x\n"));
		put(&request, text.s, text.len);
		put(&request, "", 0);
		put(&in, request.s, request.len);
		talk(&out, in.s, in.len, 100);
		assert_string_equal(out.s, fields < HOPS_MAX ? no_queue()
			: "48:Dtoo many hops, this message is looping (#5.4.6),");
	}
	stralloc_free(&request);
	stralloc_free(&text);
	stralloc_free(&in);
	stralloc_free(&out);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(long_addresses),
		cmocka_unit_test(looping),
	};

	setenv("QMAILQUEUE", "/nonexistent/queue", 1);
	signal(SIGPIPE, SIG_IGN);
	io_start();
	return cmocka_run_group_tests(tests, 0, 0);
}
