/* SPDX-License-Identifier: ISC */

#include "rspawn/company.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 1000 };

static void put(char const *file, char const *text)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void settings(void **state)
{
	static struct { char const *text; size_t most; } const cases[] =
	{
		{ "1\n", 1 }, { "0\n", 1 }, { "7\n", 7 }, { "50", 50 }, { "many\n", 1 }, { "", 1 },
	};
	char file[] = "/tmp/companyXXXXXX";
	int fd = mkstemp(file);
	size_t i;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		put(file, cases[i].text);
		assert_int_equal(company_most(file, 1, "host", NOW), cases[i].most);
		assert_int_equal(company_most(file, 0, "host", NOW), cases[i].most);
	}
	unlink(file);
	assert_int_equal(company_most(file, 1, "host", NOW), COMPANY_DEFAULT);
	assert_int_equal(company_most(file, 0, "host", NOW), 1);
	assert_int_equal(company_most("/dev/null/x", 1, "host", NOW), 1);
}

static void strained(void **state)
{
	static char const none[] = "/nonexistent/file";
	char name[32];
	unsigned int i;

	(void)state;
	company_strained("Shy.Example", NOW);
	assert_int_equal(company_most(none, 1, "shy.example", NOW), 1);
	assert_int_equal(company_most(none, 1, "shy.example", NOW + COMPANY_SECONDS - 1), 1);
	assert_int_equal(company_most(none, 1, "shy.example", NOW + COMPANY_SECONDS), COMPANY_DEFAULT);
	assert_int_equal(company_most(none, 1, "other.example", NOW), COMPANY_DEFAULT);
	for (i = 0; i < COMPANY_HOSTS; i++) {
		snprintf(name, sizeof name, "h%u", i);
		company_strained(name, NOW);
	}
	assert_int_equal(company_most(none, 1, "shy.example", NOW), COMPANY_DEFAULT);
	assert_int_equal(company_most(none, 1, "h0", NOW), 1);
	company_strained("", NOW);
	assert_int_equal(company_most(none, 1, "", NOW), 1);
	assert_int_equal(company_most(none, 1, "h0", NOW), COMPANY_DEFAULT);
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(settings),
		cmocka_unit_test(strained),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
