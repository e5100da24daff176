/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "net/ident.h"

static void answers(void **state)
{
	static struct { char const *s; char const *user; } const cases[] = {
		{ "6193, 23 : USERID : UNIX : stjohns\r\n", "stjohns" },
		{ "6193,23:USERID:UNIX:stjohns\r\n", "stjohns" },
		{ "6193,23:userid:OTHER,us-ascii:a b\tc\r\n", "abc" },
		{ "1,2:USERID:UNIX:a:b\r\n", "a:b" },
		{ "1,2:USERID:UNIX:a\nb\n", "a" },
		{ "1,2:USERID:UNIX:no end", "noend" },
		{ "1,2:USERID:UNIX:\1a\x7f" "b\xff\r\n", "ab\xff" },
		{ "1,2 \t: \tUSERID\t : UNIX : u\n", "u" },
		{ "1,2:USERID::u\n", "u" },
		{ "6195, 23 : ERROR : NO-USER\r\n", 0 },
		{ "1,2:ERROR:x:y\r\n", 0 },
		{ "1,2:USERIDS:UNIX:u\r\n", 0 },
		{ "1,2:USERID:UNIX:\r\n", 0 },
		{ "1,2:USERID:UNIX: \t\r\n", 0 },
		{ "1,2:USERID:UNIX\r\n", 0 },
		{ "1,2:USERID\r\n:UNIX:u", 0 },
		{ ":::u\n", 0 },
		{ "\r\n", 0 },
		{ "", 0 },
	};
	char info[IDENT_MAX + 1];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(ident_parse(info, cases[i].s, strlen(cases[i].s)), cases[i].user != 0);
		if (cases[i].user)
			assert_string_equal(info, cases[i].user);
	}
	/* cut anywhere: never a user before the third colon */
	for (n = 0; n <= strlen(cases[0].s); n++)
		assert_int_equal(ident_parse(info, cases[0].s, n), n > 27);
}

static void long_users(void **state)
{
	static char const head[] = "1,2:USERID:UNIX:";
	char s[IDENT_REPLY_MAX];
	char info[IDENT_MAX + 1];
	size_t n;

	(void)state;
	memset(s, 'u', sizeof s);
	memcpy(s, head, sizeof head - 1);
	for (n = IDENT_MAX - 1; n <= IDENT_MAX + 1; n++) {
		assert_true(ident_parse(info, s, sizeof head - 1 + n));
		assert_int_equal(strlen(info), n < IDENT_MAX ? n : IDENT_MAX);
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(long_users),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
