/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "route/environment.h"

static delivery d = {
	.user = "foo", .home = "/home/foo", .local = "foo-list-a-B", .dash = "-", .ext = "list-a-B",
	.host = "mail.test.example", .sender = "s x@y", .fallback = "",
};

/* Compare with a list of NAME=value that ends with an empty string. */
static void expect(stralloc const *sa, char const *const *want)
{
	size_t i = 0;

	for (; *want; want++) {
		assert_true(i < sa->len);
		assert_string_equal(sa->s + i, *want);
		i += strlen(sa->s + i) + 1;
	}
	assert_int_equal(i, sa->len);
}

static void all(void **state)
{
	static char const *const want[] = {
		"USER=foo", "HOME=/home/foo", "LOCAL=foo-list-a-B", "HOST=mail.test.example",
		"RECIPIENT=foo-list-a-B@mail.test.example", "EXT=list-a-B", "EXT2=a-B", "EXT3=B", "EXT4=",
		"HOST2=mail.test", "HOST3=mail", "HOST4=mail", "DEFAULT=a-B", "SENDER=s x@y", "NEWSENDER=n@y",
		"RPLINE=Return-Path: <\"s x\"@y>\n", "DTLINE=Delivered-To: foo-list-a-B@mail.test.example\n",
		"UFLINE=From s-x@y Thu Jan 01 00:00:00 1970\n", 0,
	};
	stralloc sa = STRALLOC_ZERO;

	(void)state;
	assert_true(delivery_lines(&d, 0));
	assert_true(stralloc_copys(&d.newsender, "n@y"));
	assert_true(environment_make(&sa, &d, d.ext + 5));
	expect(&sa, want);
	stralloc_free(&sa);
}

static void no_default_part(void **state)
{
	stralloc sa = STRALLOC_ZERO;
	size_t i;

	(void)state;
	assert_true(environment_make(&sa, &d, 0));
	for (i = 0; i < sa.len; i += strlen(sa.s + i) + 1)
		assert_true(strncmp(sa.s + i, "DEFAULT=", 8) != 0);
	stralloc_free(&sa);
	stralloc_free(&d.newsender);
	stralloc_free(&d.dtline);
	stralloc_free(&d.rpline);
	stralloc_free(&d.ufline);
	stralloc_free(&d.safe);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(all),
		cmocka_unit_test(no_default_part),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
