/* SPDX-License-Identifier: ISC */

#include "proto/users.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void line_status(void **state)
{
	static struct { char const *s; size_t n; users_line_status expect; } const cases[] =
	{
		{ "", 0, USERS_LINE_EMPTY },
		{ ".", 1, USERS_LINE_END },
		{ ".end", 4, USERS_LINE_END },
		{ ".\0", 2, USERS_LINE_END },
		{ "=", 1, USERS_LINE_SHORT },
		{ ":", 1, USERS_LINE_NONAME },
		{ "=joe", 4, USERS_LINE_SHORT },
		{ "=j:u:1:2:/h::", 13, USERS_LINE_SHORT },
		{ "=j:u:1:2:/h:::", 14, USERS_LINE_OK },
		{ "=j:u:1:2:/h:::x:y", 17, USERS_LINE_OK },
		{ "=::::::", 7, USERS_LINE_SHORT },
		{ "=:::::::", 8, USERS_LINE_OK },
		{ ":u:1:2:/h:::", 12, USERS_LINE_NONAME },
		{ "#", 1, USERS_LINE_SIGN },
		{ "#j:u:1:2:/h:::", 14, USERS_LINE_SIGN },
		{ " =j:u:1:2:/h:::", 15, USERS_LINE_SIGN },
		{ "j:u:1:2:/h:::", 13, USERS_LINE_SIGN },
		{ "\r", 1, USERS_LINE_SIGN },
		{ "\xef\xbb\xbf=j:u:1:2:/h:::", 17, USERS_LINE_SIGN },
		{ "=j:u\0:1:2:/h:::", 15, USERS_LINE_NUL },
		{ "=j\0o:u:1:2:/h:::", 16, USERS_LINE_NUL },
		{ "+example.com-example.com:89:89:/v/d:-::", 39, USERS_LINE_SHORT },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		users_line l;

		assert_int_equal(users_line_parse(&l, cases[i].s, cases[i].n), cases[i].expect);
		if (cases[i].expect != USERS_LINE_OK && cases[i].expect != USERS_LINE_END)
			assert_true(*users_line_problem(cases[i].expect));
	}
}

/* However a good line is cut, what is left is too short or nothing. */
static void line_cut(void **state)
{
	static char const s[] = "+joe-:joe:501:502:/home/joe:-:pre:";
	size_t n;

	(void)state;
	for (n = 0; n < sizeof s - 1; n++) {
		char *copy = malloc(n + 1);
		users_line l;

		assert_non_null(copy);
		memcpy(copy, s, n);
		assert_int_equal(users_line_parse(&l, copy, n), n ? USERS_LINE_SHORT : USERS_LINE_EMPTY);
		free(copy);
	}
}

#define BYTES(s) (s), sizeof (s) - 1

static void line_record(void **state)
{
	static struct { char const *s; char const *key; size_t keylen; char const *data; size_t datalen; } const cases[] =
	{
		{ "=JoE:joe:501:502:/home/joe:-:eXt:", "!joe", 5, BYTES("joe\0" "501\0" "502\0/home/joe\0-\0eXt") },
		{ "+Foo-:Bar:1:2:/H:-:X:more", "!foo-", 5, BYTES("Bar\0" "1\0" "2\0/H\0-\0X") },
		{ "+:a:1:2:/h:-::", "!", 1, BYTES("a\0" "1\0" "2\0/h\0-\0") },
		{ "=:a:1:2:/h:::", "!", 2, BYTES("a\0" "1\0" "2\0/h\0\0") },
		{ "=x:a:b:c:d:e:f:", "!x", 3, BYTES("a\0b\0c\0d\0e\0f") },
		{ "=\303\211:a:1:2:/h:::", "!\303\211", 4, BYTES("a\0" "1\0" "2\0/h\0\0") },
	};
	stralloc key = STRALLOC_ZERO;
	stralloc data = STRALLOC_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		users_line l;

		key.len = data.len = 0;
		assert_int_equal(users_line_parse(&l, cases[i].s, strlen(cases[i].s)), USERS_LINE_OK);
		assert_true(users_line_record(&l, &key, &data));
		assert_true(users_line_has_key(&l, key.s, key.len));
		assert_false(users_line_has_key(&l, key.s, key.len - 1));
		assert_false(users_line_has_key(&l, key.s, 0));
		assert_int_equal(key.len, cases[i].keylen);
		assert_memory_equal(key.s, cases[i].key, key.len);
		assert_int_equal(data.len, cases[i].datalen);
		assert_memory_equal(data.s, cases[i].data, data.len);
	}
	stralloc_free(&key);
	stralloc_free(&data);
}

static void line_doubt(void **state)
{
	static struct { char const *s; int doubtful; } const cases[] =
	{
		{ "=joe:joe:501:501:/home/joe:::", 0 },
		{ "+:a:1:0:/h:-::", 0 },
		{ "=joe:joe::501:/home/joe:::", 1 },
		{ "=joe:joe:501::/home/joe:::", 1 },
		{ "=joe:joe:5x:501:/home/joe:::", 1 },
		{ "=joe:joe:501: 501:/home/joe:::", 1 },
		{ "=joe:root:0:0:/root:::", 1 },
		{ "=joe:root:00:0:/root:::", 1 },
		{ "=joe:joe:501:501:home/joe:::", 1 },
		{ "=joe:joe:501:501::::", 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		users_line l;

		assert_int_equal(users_line_parse(&l, cases[i].s, strlen(cases[i].s)), USERS_LINE_OK);
		assert_int_equal(users_line_doubt(&l) != 0, cases[i].doubtful);
	}
}

#define RECORD(s) (s), sizeof (s)

static void text_lines(void **state)
{
	static char const s[] = "=a:u:1:2:/h:::\n#x\n\n+b-:u:1:2:/h:-::\n.\n=c:u:1:2:/h:::\n";
	static users_line_status const expect[] =
		{ USERS_LINE_OK, USERS_LINE_SIGN, USERS_LINE_EMPTY, USERS_LINE_OK, USERS_LINE_END };
	users_text t = { .s = s, .n = sizeof s - 1 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof expect / sizeof *expect; i++) {
		assert_true(users_text_next(&t));
		assert_int_equal(t.line, i + 1);
		assert_int_equal(t.status, expect[i]);
	}
	assert_memory_equal(t.start, ".", t.length);
	assert_false(users_text_next(&t));
	assert_false(users_text_next(&t));
	t = (users_text){ .s = "", .n = 0 };
	assert_false(users_text_next(&t));
}

static void text_mistake(void **state)
{
	static struct { char const *s; int mistake; size_t line; } const cases[] =
	{
		{ ".\n", 0, 1 },
		{ ".", 0, 1 },
		{ "=a:u:1:2:/h:::\n.\nanything", 0, 2 },
		{ "", 1, 0 },
		{ "=a:u:1:2:/h:::\n", 1, 0 },
		{ "=a:u:1:2:/h:::\n\n.\n", 1, 2 },
		{ "=a:u:1:2:/h::\n.\n", 1, 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t line = 9;

		assert_int_equal(users_text_mistake(cases[i].s, strlen(cases[i].s), &line) != 0, cases[i].mistake);
		assert_int_equal(line, cases[i].line);
	}
}

static void record_status(void **state)
{
	static struct { char const *s; size_t n; users_record_status expect; } const cases[] =
	{
		{ RECORD("joe\0" "501\0" "502\0/home/joe\0-\0ext"), USERS_RECORD_OK },
		{ RECORD("joe\0" "501\0" "0\0/\0\0"), USERS_RECORD_OK },
		{ RECORD("joe\0" "501x\0" "502 \0/h\0\0"), USERS_RECORD_OK },
		{ RECORD("joe\0" "4294967294\0" "4294967294\0/h\0\0"), USERS_RECORD_OK },
		{ RECORD("joe\0" "501\0" "502\0/h\0-\0ext\0"), USERS_RECORD_OK },
		{ RECORD("joe\0" "501\0" "502\0/h\0-\0ext\0more"), USERS_RECORD_DAMAGED },
		{ RECORD("joe\0" "501\0" "502\0/h\0-"), USERS_RECORD_DAMAGED },
		{ RECORD("joe"), USERS_RECORD_DAMAGED },
		{ "", 0, USERS_RECORD_DAMAGED },
		{ RECORD("root\0" "0\0" "0\0/h\0\0"), USERS_RECORD_ROOT },
		{ RECORD("root\0" "000\0" "1\0/h\0\0"), USERS_RECORD_ROOT },
		{ RECORD("joe\0\0" "1\0/h\0\0"), USERS_RECORD_ROOT },
		{ RECORD("joe\0x\0" "1\0/h\0\0"), USERS_RECORD_ROOT },
		{ RECORD("joe\0-1\0" "1\0/h\0\0"), USERS_RECORD_ROOT },
		{ RECORD("joe\0" "501\0x\0/h\0\0"), USERS_RECORD_ID },
		{ RECORD("joe\0" "501\0\0/h\0\0"), USERS_RECORD_ID },
		{ RECORD("joe\0" "4294967295\0" "1\0/h\0\0"), USERS_RECORD_ID },
		{ RECORD("joe\0" "4294967296\0" "1\0/h\0\0"), USERS_RECORD_ID },
		{ RECORD("joe\0" "18446744073709551616\0" "1\0/h\0\0"), USERS_RECORD_ID },
		{ RECORD("joe\0" "501\0" "4294967295\0/h\0\0"), USERS_RECORD_ID },
		{ RECORD("joe\0" "501\0" "502\0home/joe\0\0"), USERS_RECORD_HOME },
		{ RECORD("joe\0" "501\0" "502\0\0\0"), USERS_RECORD_HOME },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		users_record r;

		assert_int_equal(users_record_parse(&r, cases[i].s, cases[i].n), cases[i].expect);
	}
}

static void record_fields(void **state)
{
	static char const s[] = "joe\0" "501\0" "502\0/home/joe\0-\0a-B";
	users_record r;
	size_t n;

	(void)state;
	assert_int_equal(users_record_parse(&r, s, sizeof s), USERS_RECORD_OK);
	assert_string_equal(r.user, "joe");
	assert_int_equal(r.uid, 501);
	assert_int_equal(r.gid, 502);
	assert_string_equal(r.home, "/home/joe");
	assert_string_equal(r.dash, "-");
	assert_string_equal(r.ext, "a-B");
	for (n = 0; n < sizeof s; n++) {
		char *copy = malloc(n + 1);

		assert_non_null(copy);
		memcpy(copy, s, n);
		assert_int_equal(users_record_parse(&r, copy, n), USERS_RECORD_DAMAGED);
		free(copy);
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(line_status),
		cmocka_unit_test(line_cut),
		cmocka_unit_test(line_record),
		cmocka_unit_test(line_doubt),
		cmocka_unit_test(text_lines),
		cmocka_unit_test(text_mistake),
		cmocka_unit_test(record_status),
		cmocka_unit_test(record_fields),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
