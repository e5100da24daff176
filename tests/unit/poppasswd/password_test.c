/* SPDX-License-Identifier: ISC */

#include "poppasswd/password.h"

#include <crypt.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

static password_status from(password *p, char const *s, size_t n)
{
	int fd[2];
	password_status status;

	assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
	assert_int_equal(write(fd[1], s, n), n);
	close(fd[1]);
	status = password_read(p, fd[0]);
	close(fd[0]);
	return status;
}

static void first_lines(void **state)
{
	static struct { char const *in; size_t n; password_status status; char const *password; } const cases[] = {
		{ "", 0, PASSWORD_EMPTY, 0 },
		{ "\n", 1, PASSWORD_EMPTY, 0 },
		{ "\nx", 2, PASSWORD_EMPTY, 0 },
		{ "x", 1, PASSWORD_OK, "x" },
		{ "two words \nmore\n", 16, PASSWORD_OK, "two words " },
		{ "\xe9\r\n", 3, PASSWORD_OK, "\xe9\r" },
		{ "a\0b\n", 4, PASSWORD_NUL, 0 },
		{ "a\n\0", 3, PASSWORD_OK, "a" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		password p;

		assert_int_equal(from(&p, cases[i].in, cases[i].n), cases[i].status);
		if (cases[i].password)
			assert_string_equal(p.text, cases[i].password);
	}
}

static void lengths(void **state)
{
	char s[PASSWORD_MAX + 10];
	password p;

	(void)state;
	memset(s, 'x', sizeof s);
	assert_int_equal(from(&p, s, PASSWORD_MAX), PASSWORD_OK);
	assert_int_equal(strlen(p.text), PASSWORD_MAX);
	assert_int_equal(from(&p, s, PASSWORD_MAX + 1), PASSWORD_TOO_LONG);
	assert_int_equal(from(&p, s, sizeof s), PASSWORD_TOO_LONG);
	s[PASSWORD_MAX] = '\n';
	assert_int_equal(from(&p, s, sizeof s), PASSWORD_OK);
	assert_int_equal(password_read(&p, -1), PASSWORD_ERROR);
}

static void hashes(void **state)
{
	password p = { .text = "secret", .len = 6 };
	struct crypt_data work = { .initialized = 0 };
	char *one = password_hash(&p);
	char *two = password_hash(&p);

	(void)state;
	assert_non_null(one);
	assert_non_null(two);
	assert_string_not_equal(one, two);
	assert_null(strchr(one, ':'));
	assert_string_equal(crypt_r("secret", one, &work), one);
	assert_string_not_equal(crypt_r("Secret", one, &work), one);
	free(one);
	free(two);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(first_lines),
		cmocka_unit_test(lengths),
		cmocka_unit_test(hashes),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
