/* SPDX-License-Identifier: ISC */

#include "checkpassword/request.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"

static request_status from(request *r, char const *s, size_t n, size_t step)
{
	int fd[2];
	request_status status;
	size_t i;

	/* Packets, so that it comes in pieces of step bytes. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd), 0);
	for (i = 0; i < n; i += step)
		assert_true(write(fd[1], s + i, n - i < step ? n - i : step) > 0);
	close(fd[1]);
	status = request_read(r, fd[0]);
	close(fd[0]);
	return status;
}

static void requests(void **state)
{
	static struct { char const *in; size_t n; request_status status; char const *name; char const *password; } const cases[] = {
		{ "", 0, REQUEST_BAD, 0, 0 },
		{ "a", 1, REQUEST_BAD, 0, 0 },
		{ "a\0", 2, REQUEST_BAD, 0, 0 },
		{ "a\0b", 3, REQUEST_BAD, 0, 0 },
		{ "a\0b\0", 4, REQUEST_OK, "a", "b" },
		{ "a\0b\0c", 5, REQUEST_OK, "a", "b" },
		{ "a\0b\0c\0", 6, REQUEST_OK, "a", "b" },
		{ "\0\0\0", 3, REQUEST_OK, "", "" },
		{ "two words\0 p w \0<1.2@h>\0", 24, REQUEST_OK, "two words", " p w " },
		{ "a\0b\0c\0d\0e\0", 10, REQUEST_OK, "a", "b" },
	};
	request r;
	size_t i;
	size_t step;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (step = 1; step <= cases[i].n + 1; step++) {
			assert_int_equal(from(&r, cases[i].in, cases[i].n, step), cases[i].status);
			if (cases[i].status == REQUEST_OK) {
				assert_string_equal(r.name, cases[i].name);
				assert_string_equal(r.password, cases[i].password);
			}
		}
}

static void lengths(void **state)
{
	char s[2000];
	request r;

	(void)state;
	memset(s, 'x', sizeof s);
	s[1] = s[511] = 0;
	assert_int_equal(from(&r, s, 512, 512), REQUEST_OK);
	assert_int_equal(strlen(r.password), 509);
	assert_int_equal(from(&r, s, 513, 513), REQUEST_TOO_LONG);
	assert_int_equal(from(&r, s, 2000, 500), REQUEST_TOO_LONG);
	assert_int_equal(from(&r, s, 511, 511), REQUEST_BAD);
	assert_int_equal(request_read(&r, -1), REQUEST_NONE);
}

static void wiped(void **state)
{
	static request const none;
	request r;

	(void)state;
	assert_int_equal(from(&r, "a\0b\0c\0", 6, 6), REQUEST_OK);
	request_wipe(&r);
	assert_memory_equal(r.bytes, none.bytes, sizeof r.bytes);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(lengths),
		cmocka_unit_test(wiped),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
