/* SPDX-License-Identifier: ISC */

#include "spawn/request.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define HUNDRED "1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"

static void refusals(void **state)
{
	static struct { char const *mess; char const *recipient; char const *expect; size_t at; } const cases[] =
	{
		{ "0/23", "joe@host", 0, 3 },
		{ "23", "a@b@host", 0, 3 },
		{ "22//5/", "@", 0, 0 },
		{ &HUNDRED[1], "joe@", 0, 3 },
		{ HUNDRED, "joe@host", "DInternal error: messid too long. (#5.3.5)\n", 0 },
		{ "", "joe@host", "DInternal error: messid too short. (#5.3.5)\n", 0 },
		{ "/23", "joe@host", "DInternal error: messid has nonnumerics. (#5.3.5)\n", 0 },
		{ "0/../23", "joe@host", "DInternal error: messid has nonnumerics. (#5.3.5)\n", 0 },
		{ "0/23\n", "joe@host", "DInternal error: messid has nonnumerics. (#5.3.5)\n", 0 },
		{ "-1", "joe@host", "DInternal error: messid has nonnumerics. (#5.3.5)\n", 0 },
		{ HUNDRED "x", "joe@host", "DInternal error: messid has nonnumerics. (#5.3.5)\n", 0 },
		{ "0/23", "joe", "DSorry, address must include host name. (#5.1.3)\n", 0 },
		{ "0/23", "", "DSorry, address must include host name. (#5.1.3)\n", 0 },
		{ "x", "joe", "DInternal error: messid has nonnumerics. (#5.3.5)\n", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		stralloc sa = STRALLOC_ZERO;
		spawn_request r = SPAWN_REQUEST_ZERO;
		size_t pos = 0;
		size_t at = 0;
		char const *got;

		assert_true(spawn_request_put(&sa, 1, cases[i].mess, "", 0, cases[i].recipient, strlen(cases[i].recipient)));
		assert_int_equal(spawn_request_feed(&r, sa.s, sa.len, &pos), SPAWN_REQUEST_READY);
		got = request_refusal(&r, &at);
		if (cases[i].expect) {
			assert_non_null(got);
			assert_string_equal(got, cases[i].expect);
		} else {
			assert_null(got);
			assert_int_equal(at, cases[i].at);
		}
		stralloc_free(&sa);
		stralloc_free(&r.mess);
		stralloc_free(&r.sender);
		stralloc_free(&r.recipient);
	}
}

static void messages(void **state)
{
	char dir[] = "/tmp/requestXXXXXX";
	char const *refusal = 0;
	uid_t me = getuid();
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	fd = open("1", O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(mkdir("2", 0700), 0);
	assert_int_equal(mkfifo("3", 0600), 0);
	assert_int_equal(symlink("1", "4"), 0);

	fd = request_open("1", me, &refusal);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFL) & (O_NONBLOCK | O_ACCMODE), O_RDONLY);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	close(fd);
	assert_int_equal(request_open("1", me + 1, &refusal), -1);
	assert_string_equal(refusal, "ZSorry, message has wrong owner. (#4.3.5)\n");
	assert_int_equal(request_open("2", me, &refusal), -1);
	assert_string_equal(refusal, "ZSorry, message has wrong type. (#4.3.5)\n");
	assert_int_equal(request_open("3", me, &refusal), -1);
	assert_string_equal(refusal, "ZSorry, message has wrong type. (#4.3.5)\n");
	assert_int_equal(request_open("4", me, &refusal), -1);
	assert_string_equal(refusal, "Zqmail-spawn unable to open message. (#4.3.0)\n");
	assert_int_equal(request_open("5", me, &refusal), -1);
	assert_string_equal(refusal, "Zqmail-spawn unable to open message. (#4.3.0)\n");

	unlink("1");
	rmdir("2");
	unlink("3");
	unlink("4");
	assert_int_equal(chdir("/"), 0);
	rmdir(dir);
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(refusals),
		cmocka_unit_test(messages),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
