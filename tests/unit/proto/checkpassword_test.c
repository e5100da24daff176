/* SPDX-License-Identifier: ISC */

#include "proto/checkpassword.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"

static checkpassword_status from(checkpassword_request *r, char const *s, size_t n, size_t step)
{
	int fd[2];
	checkpassword_status status;
	size_t i;

	/* Packets, so that it comes in pieces of step bytes. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd), 0);
	for (i = 0; i < n; i += step)
		assert_true(write(fd[1], s + i, n - i < step ? n - i : step) > 0);
	close(fd[1]);
	status = checkpassword_read(r, fd[0]);
	close(fd[0]);
	return status;
}

static void requests(void **state)
{
	static struct {
		char const *in;
		size_t n;
		checkpassword_status status;
		char const *name;
		char const *password;
	} const cases[] = {
		{ "", 0, CHECKPASSWORD_BAD, 0, 0 },
		{ "a", 1, CHECKPASSWORD_BAD, 0, 0 },
		{ "a\0", 2, CHECKPASSWORD_BAD, 0, 0 },
		{ "a\0b", 3, CHECKPASSWORD_BAD, 0, 0 },
		{ "a\0b\0", 4, CHECKPASSWORD_OK, "a", "b" },
		{ "a\0b\0c", 5, CHECKPASSWORD_OK, "a", "b" },
		{ "a\0b\0c\0", 6, CHECKPASSWORD_OK, "a", "b" },
		{ "\0\0\0", 3, CHECKPASSWORD_OK, "", "" },
		{ "two words\0 p w \0<1.2@h>\0", 24, CHECKPASSWORD_OK, "two words", " p w " },
		{ "a\0b\0c\0d\0e\0", 10, CHECKPASSWORD_OK, "a", "b" },
	};
	checkpassword_request r;
	size_t i;
	size_t step;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (step = 1; step <= cases[i].n + 1; step++) {
			assert_int_equal(from(&r, cases[i].in, cases[i].n, step), cases[i].status);
			if (cases[i].status == CHECKPASSWORD_OK) {
				assert_string_equal(r.name, cases[i].name);
				assert_string_equal(r.password, cases[i].password);
			}
		}
}

static void lengths(void **state)
{
	char s[2000];
	checkpassword_request r;

	(void)state;
	memset(s, 'x', sizeof s);
	s[1] = s[511] = 0;
	assert_int_equal(from(&r, s, 512, 512), CHECKPASSWORD_OK);
	assert_int_equal(strlen(r.password), 509);
	assert_int_equal(from(&r, s, 513, 513), CHECKPASSWORD_TOO_LONG);
	assert_int_equal(from(&r, s, 2000, 500), CHECKPASSWORD_TOO_LONG);
	assert_int_equal(from(&r, s, 511, 511), CHECKPASSWORD_BAD);
	assert_int_equal(checkpassword_read(&r, -1), CHECKPASSWORD_CLOSED);
}

static void wiped(void **state)
{
	static checkpassword_request const none;
	checkpassword_request r;

	(void)state;
	assert_int_equal(from(&r, "a\0b\0c\0", 6, 6), CHECKPASSWORD_OK);
	checkpassword_wipe(&r);
	assert_memory_equal(r.bytes, none.bytes, sizeof r.bytes);
}

static void written(void **state)
{
	stralloc sa = STRALLOC_ZERO;
	stralloc name = STRALLOC_ZERO;
	stralloc password = STRALLOC_ZERO;
	checkpassword_request r;

	(void)state;
	assert_true(checkpassword_put(&sa, &name, &password, ""));
	assert_int_equal(sa.len, 3);
	assert_true(stralloc_copys(&name, "a b") && stralloc_copys(&password, " c "));
	assert_true(checkpassword_put(&sa, &name, &password, "<1.2@h>"));
	assert_int_equal(sa.len, 16);
	assert_memory_equal(sa.s, "a b\0 c \0<1.2@h>\0", 16);
	memcpy(r.bytes, sa.s, sa.len);
	r.len = sa.len;
	assert_int_equal(checkpassword_parse(&r), CHECKPASSWORD_OK);
	assert_string_equal(r.name, "a b");
	assert_string_equal(r.password, " c ");
	stralloc_free(&sa);
	stralloc_free(&name);
	stralloc_free(&password);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(lengths),
		cmocka_unit_test(wiped),
		cmocka_unit_test(written),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
