/* SPDX-License-Identifier: ISC */

#include "route/recipients.h"

#include <string.h>

#include "unit.h"

static void lines(void **state)
{
	static struct { char const *line, *domain; recipients_kind kind; char const *arg; } const rows[] = {
		{ "example.com:users/a.cdb", "example.com", RECIPIENTS_CDB, "users/a.cdb" },
		{ "Example.COM:users/a.cdb", "eXample.com", RECIPIENTS_CDB, "users/a.cdb" },
		{ "example.com:users/a.cdb", "x.example.com", RECIPIENTS_CDB, "users/a.cdb" },
		{ "example.com:users/a.cdb", "xexample.com", RECIPIENTS_OTHER, 0 },
		{ "example.com:users/a.cdb", "com", RECIPIENTS_OTHER, 0 },
		{ "example.com:users/a.cdb", "", RECIPIENTS_OTHER, 0 },
		{ "@example.com:users/a.cdb", "example.com", RECIPIENTS_CDB, "users/a.cdb" },
		{ "@example.com:users/a.cdb", "x.example.com", RECIPIENTS_OTHER, 0 },
		{ "*:users/a.cdb", "anything", RECIPIENTS_CDB, "users/a.cdb" },
		{ "*:users/a.cdb", "", RECIPIENTS_CDB, "users/a.cdb" },
		{ "example.com|bin/check a b", "example.com", RECIPIENTS_PROGRAM, "bin/check a b" },
		{ "@example.com|bin/check", "a.example.com", RECIPIENTS_OTHER, 0 },
		{ "*|~vpopmail/bin/vrcptcheck", "x", RECIPIENTS_PROGRAM, "~vpopmail/bin/vrcptcheck" },
		{ "example.com|bin/check a:b", "example.com", RECIPIENTS_PROGRAM, "bin/check a:b" },
		{ "example.com:dir/a|b", "example.com", RECIPIENTS_CDB, "dir/a|b" },
		{ "!example.com", "example.com", RECIPIENTS_PASS, "!example.com" },
		{ "!example.com", "EXAMPLE.com", RECIPIENTS_PASS, "!example.com" },
		{ "!example.com", "x.example.com", RECIPIENTS_OTHER, 0 },
		{ "!*", "x.example.com", RECIPIENTS_PASS, "!*" },
		{ "!", "example.com", RECIPIENTS_OTHER, 0 },
		{ "users/recipients.cdb", "example.com", RECIPIENTS_CDB, "users/recipients.cdb" },
		{ ":x", "example.com", RECIPIENTS_OTHER, 0 },
		{ ":x", "", RECIPIENTS_CDB, "x" },
		{ "@:x", "example.com", RECIPIENTS_OTHER, 0 },
		{ "\xe9:x", "\xe9", RECIPIENTS_CDB, "x" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char const *arg;

		print_message("%s for %s\n", rows[i].line, rows[i].domain);
		assert_int_equal(recipients_line(rows[i].line, rows[i].domain, strlen(rows[i].domain), &arg), rows[i].kind);
		if (rows[i].arg)
			assert_string_equal(arg, rows[i].arg);
	}
}

static void keys(void **state)
{
	static struct { char const *address, *key, *list_key; } const rows[] = {
		{ "User@Example.com", ":user@example.com", 0 },
		{ "list-return-12-a=b.c@Example.com", ":list-return-12-a=b.c@example.com", ":list-@example.com" },
		{ "a@b@c-d", ":a@b@c-d", 0 },
		{ "a-b@c-d@E", ":a-b@c-d@e", ":a-@e" },
		{ "nohost", ":nohost@localhost", 0 },
		{ "no-host", ":no-host@localhost", ":no-@localhost" },
		{ "x@", ":x@", 0 },
		{ "-@x", ":-@x", ":-@x" },
		{ "@x", ":@x", 0 },
		{ "", ":@localhost", 0 },
	};
	stralloc sa = STRALLOC_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t n = strlen(rows[i].address);

		print_message("%s\n", rows[i].address);
		assert_int_equal(recipients_key(&sa, rows[i].address, n), 1);
		assert_true(stralloc_0(&sa));
		assert_string_equal(sa.s, rows[i].key);
		assert_int_equal(recipients_list_key(&sa, rows[i].address, n, '-'), rows[i].list_key != 0);
		if (!rows[i].list_key)
			continue;
		assert_true(stralloc_0(&sa));
		assert_string_equal(sa.s, rows[i].list_key);
	}
	stralloc_free(&sa);
}

static void commands(void **state)
{
	static struct { char const *command; size_t n; char const *words; } const rows[] = {
		{ "bin/check", 1, "bin/check," },
		{ "  bin/check  a\tb ", 3, "bin/check,a,b," },
		{ "p 1 2 3 4 5", 6, "p,1,2,3,4,5," },
		{ "p 1 2 3 4 5 6", 0, 0 },
		{ "", 0, "" },
		{ " \t", 0, "" },
	};
	stralloc sa = STRALLOC_ZERO;
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(recipients_command(&sa, rows[i].command), rows[i].n);
		if (!rows[i].words)
			continue;
		for (j = 0; j < sa.len; j++)
			sa.s[j] = sa.s[j] ? sa.s[j] : ',';
		assert_true(stralloc_0(&sa));
		assert_string_equal(sa.s, rows[i].words);
	}
	stralloc_free(&sa);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(keys),
		cmocka_unit_test(commands),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
