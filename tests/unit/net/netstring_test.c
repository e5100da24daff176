/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "net/netstring.h"

static conn wire;

static void lengths(void **state)
{
	static struct { char const *text; netstring_status status; uint64_t value; } const cases[] = {
		{ "", NETSTRING_MORE, 0 },
		{ ":", NETSTRING_BAD, 0 },
		{ "0:", NETSTRING_OK, 0 },
		{ "0", NETSTRING_MORE, 0 },
		{ "00:", NETSTRING_BAD, 0 },
		{ "01:", NETSTRING_BAD, 0 },
		{ "9:", NETSTRING_OK, 9 },
		{ "10:", NETSTRING_OK, 10 },
		{ "1000:", NETSTRING_OK, 1000 },
		{ "+1:", NETSTRING_BAD, 0 },
		{ "-1:", NETSTRING_BAD, 0 },
		{ " 1:", NETSTRING_BAD, 0 },
		{ "1 :", NETSTRING_BAD, 0 },
		{ "1;", NETSTRING_BAD, 0 },
		{ "1/", NETSTRING_BAD, 0 },
		{ "0x1:", NETSTRING_BAD, 0 },
		{ "\xb1:", NETSTRING_BAD, 0 },
		{ "199999999:", NETSTRING_OK, 199999999 },
		{ "200000000:", NETSTRING_OK, 200000000 },
		{ "200000001:", NETSTRING_TOO_LONG, 0 },
		{ "200000001", NETSTRING_MORE, 0 },
		{ "2000000000", NETSTRING_MORE, 0 },
		{ "20000000000", NETSTRING_TOO_LONG, 0 },
		{ "18446744073709551615:", NETSTRING_TOO_LONG, 0 },
		{ "18446744073709551616:", NETSTRING_TOO_LONG, 0 },
		{ "18446744073709551617:", NETSTRING_TOO_LONG, 0 },
		{ "99999999999999999999999999999999:", NETSTRING_TOO_LONG, 0 },
	};
	netstring_length nul = NETSTRING_LENGTH_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		netstring_length l = NETSTRING_LENGTH_ZERO;
		netstring_status status = NETSTRING_MORE;
		char const *s;

		for (s = cases[i].text; *s && status == NETSTRING_MORE; s++)
			status = netstring_length_feed(&l, *s);
		assert_int_equal(status, cases[i].status);
		if (status == NETSTRING_OK)
			assert_true(l.value == cases[i].value);
	}
	assert_int_equal(netstring_length_feed(&nul, 0), NETSTRING_BAD);
}

static void heads(void **state)
{
	static struct { uint64_t n; char const *text; } const cases[] = {
		{ 0, "0:" }, { 9, "9:" }, { 10, "10:" }, { UINT64_MAX, "18446744073709551615:" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char s[NETSTRING_HEAD_FMT];

		assert_int_equal(netstring_head(s, cases[i].n), strlen(cases[i].text));
		assert_memory_equal(s, cases[i].text, strlen(cases[i].text));
	}
}

/* Read one netstring of at most 8 bytes from s, which arrives in pieces of step bytes. */
static netstring_status read_one(char const *s, size_t n, size_t step, int64_t left, char *buf, uint64_t *len, int *fits)
{
	netstring_in in = { .conn = &wire, .left = left };
	netstring_status status;
	int fd[2];
	size_t i;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd), 0);
	for (i = 0; i < n; i += step)
		assert_true(write(fd[1], s + i, n - i < step ? n - i : step) > 0);
	close(fd[1]);
	conn_open(&wire, fd[0], fd[0], 5);
	status = netstring_start(&in, len);
	if (status == NETSTRING_OK)
		status = netstring_take(&in, *len, buf, 8, fits);
	close(fd[0]);
	return status;
}

static void contents(void **state)
{
	static struct { char const *text; int64_t left; netstring_status status; int fits; char const *content; } const cases[] = {
		{ "", NETSTRING_OPEN, NETSTRING_END, 0, "" },
		{ "0:,", NETSTRING_OPEN, NETSTRING_OK, 1, "" },
		{ "5:hello,", NETSTRING_OPEN, NETSTRING_OK, 1, "hello" },
		{ "8:12345678,", NETSTRING_OPEN, NETSTRING_OK, 1, "12345678" },
		{ "9:123456789,", NETSTRING_OPEN, NETSTRING_OK, 0, "" },
		{ "9:123456789;", NETSTRING_OPEN, NETSTRING_BAD, 0, "" },
		{ "5:hello;", NETSTRING_OPEN, NETSTRING_BAD, 0, "" },
		{ "5:hello", NETSTRING_OPEN, NETSTRING_END, 0, "" },
		{ "5:hell", NETSTRING_OPEN, NETSTRING_END, 0, "" },
		{ "5", NETSTRING_OPEN, NETSTRING_END, 0, "" },
		{ "x", NETSTRING_OPEN, NETSTRING_BAD, 0, "" },
		{ "999999999999", NETSTRING_OPEN, NETSTRING_TOO_LONG, 0, "" },
		/* within another one */
		{ "5:hello,", 8, NETSTRING_OK, 1, "hello" },
		{ "5:hello,", 7, NETSTRING_BAD, 0, "" },
		{ "5:hello,", 2, NETSTRING_BAD, 0, "" },
		{ "5:hello,", 1, NETSTRING_BAD, 0, "" },
		{ "5:hello,", 0, NETSTRING_BAD, 0, "" },
		{ "0:,", 3, NETSTRING_OK, 1, "" },
		{ "0:,", 2, NETSTRING_BAD, 0, "" },
		{ "200000000:", 20, NETSTRING_BAD, 0, "" },
		{ "200000001:", 20, NETSTRING_TOO_LONG, 0, "" },
	};
	size_t i, step;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = strlen(cases[i].text);

		for (step = 1; step <= n + 1; step++) {
			char buf[8] = "";
			uint64_t len;
			int fits = -1;

			assert_int_equal(read_one(cases[i].text, n, step, cases[i].left, buf, &len, &fits), cases[i].status);
			if (cases[i].status == NETSTRING_OK) {
				assert_int_equal(fits, cases[i].fits);
				assert_memory_equal(buf, cases[i].content, strlen(cases[i].content));
			}
		}
	}
}

static void too_late(void **state)
{
	netstring_in in = { .conn = &wire, .left = NETSTRING_OPEN };
	uint64_t n;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	assert_int_equal(write(fd[1], "12", 2), 2);
	conn_open(&wire, fd[0], fd[0], 5);
	conn_within(&wire, 0);
	assert_int_equal(netstring_start(&in, &n), NETSTRING_LATE);
	close(fd[0]);
	close(fd[1]);
}

static void answers(void **state)
{
	char buf[64];
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	conn_open(&wire, fd[0], fd[0], 5);
	netstring_answer(&wire, 'K', "ok", 2);
	netstring_answer(&wire, 'D', "", 0);
	assert_true(conn_flush(&wire));
	assert_int_equal(read(fd[1], buf, sizeof buf), 10);
	assert_memory_equal(buf, "3:Kok,1:D,", 10);
	close(fd[0]);
	close(fd[1]);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(lengths),
		cmocka_unit_test(heads),
		cmocka_unit_test(contents),
		cmocka_unit_test(too_late),
		cmocka_unit_test(answers),
	};

	io_start();
	return cmocka_run_group_tests(tests, 0, 0);
}
