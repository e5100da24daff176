/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "proto/envelope.h"
#include "qmqpc/request.h"

enum { NOT_OPEN = 999 };

static request r;
static conn wire;

/* A descriptor that gives s[0..n) and ends. */
static int source(char const *s, size_t n)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	assert_true(io_writeall(fd[1], s, n));
	close(fd[1]);
	return fd[0];
}

static void envelopes(void **state)
{
	static struct { char const *s; size_t n; qq_exit code; char const *stored; } const cases[] = {
#define CASE(s, code, stored) { s, sizeof s - 1, code, stored }
		CASE("Fa\0Tb\0\0", QQ_OK, "1:a,1:b,"),
		CASE("Fa@b.example\0\0", QQ_OK, "11:a@b.example,"),
		CASE("F\0Tb\0Tcc\0\0", QQ_OK, "0:,1:b,2:cc,"),
		CASE("F\0T\0\0", QQ_OK, "0:,0:,"),
		CASE("Fa\0Tb\0\0Tc\0\0", QQ_OK, "1:a,1:b,"),
		CASE("FF\0TT\0\0", QQ_OK, "1:F,1:T,"),
		CASE("", QQ_ENVELOPE, 0),
		CASE("\0", QQ_ENVELOPE, 0),
		CASE("F", QQ_ENVELOPE, 0),
		CASE("Fa", QQ_ENVELOPE, 0),
		CASE("Fa\0", QQ_ENVELOPE, 0),
		CASE("Fa\0T", QQ_ENVELOPE, 0),
		CASE("Fa\0Tb\0", QQ_ENVELOPE, 0),
		CASE("Xa\0Tb\0\0", QQ_ENVELOPE, 0),
		CASE("Fa\0Xb\0\0", QQ_ENVELOPE, 0),
		CASE("Fa\0Fb\0\0", QQ_ENVELOPE, 0),
#undef CASE
	};
	tain deadline;
	size_t i;

	(void)state;
	io_deadline(&deadline, 5);
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int fd = source(cases[i].s, cases[i].n);

		assert_int_equal(request_envelope(&r, fd, &deadline), cases[i].code);
		close(fd);
		if (!cases[i].stored)
			continue;
		assert_true(r.envelope.size == strlen(cases[i].stored));
		assert_memory_equal(r.envelope.buf, cases[i].stored, strlen(cases[i].stored));
	}
	assert_int_equal(request_envelope(&r, NOT_OPEN, &deadline), QQ_READ);
	assert_int_equal(request_message(&r, NOT_OPEN, &deadline), QQ_READ);
}

static void long_addresses(void **state)
{
	char s[ENVELOPE_ADDRESS_MAX + 5] = "F";
	size_t n;
	tain deadline;

	(void)state;
	io_deadline(&deadline, 5);
	for (n = ENVELOPE_ADDRESS_MAX; n <= ENVELOPE_ADDRESS_MAX + 1; n++) {
		int fd;

		memset(s + 1, 'a', n);
		memset(s + 1 + n, 0, 2);
		fd = source(s, n + 3);
		assert_int_equal(request_envelope(&r, fd, &deadline), n > ENVELOPE_ADDRESS_MAX ? QQ_TOOLONG : QQ_OK);
		close(fd);
	}
}

static void a_caller_that_hangs(void **state)
{
	tain deadline;
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	io_deadline(&deadline, 0);
	assert_int_equal(request_message(&r, fd[0], &deadline), QQ_TIMEOUT);
	assert_int_equal(request_envelope(&r, fd[0], &deadline), QQ_TIMEOUT);
	close(fd[0]);
	close(fd[1]);
}

static void sent_twice(void **state)
{
	static char const expected[] = "17:6:a\0b\n\xff\r,1:f,1:t,,";
	char got[64];
	tain deadline;
	int fd[2];
	int in, times;

	(void)state;
	io_deadline(&deadline, 5);
	in = source("a\0b\n\xff\r", 6);
	assert_int_equal(request_message(&r, in, &deadline), QQ_OK);
	close(in);
	in = source("Ff\0Tt\0\0", 7);
	assert_int_equal(request_envelope(&r, in, &deadline), QQ_OK);
	close(in);
	for (times = 0; times < 2; times++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
		conn_open(&wire, fd[0], fd[0], 5);
		assert_int_equal(request_send(&r, &wire), REQUEST_SENT);
		assert_int_equal(read(fd[1], got, sizeof got), sizeof expected - 1);
		assert_memory_equal(got, expected, sizeof expected - 1);
		close(fd[0]);
		close(fd[1]);
	}
	/* and to nobody */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	close(fd[1]);
	conn_open(&wire, fd[0], fd[0], 5);
	assert_int_equal(request_send(&r, &wire), REQUEST_CUT);
	close(fd[0]);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(envelopes),
		cmocka_unit_test(long_addresses),
		cmocka_unit_test(a_caller_that_hangs),
		cmocka_unit_test(sent_twice),
	};

	signal(SIGPIPE, SIG_IGN);
	io_start();
	return cmocka_run_group_tests(tests, 0, 0);
}
