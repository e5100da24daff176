/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "mail/address.h"
#include "mail/quote.h"

static void parse(char const *arg, char const *want)
{
	size_t n = strlen(arg);
	char *exact = malloc(n + !n);
	address a;

	assert_non_null(exact);
	memcpy(exact, arg, n);
	assert_int_equal(address_parse(&a, exact, n), ADDRESS_OK);
	assert_int_equal(a.len, strlen(want));
	assert_memory_equal(a.s, want, a.len);
	free(exact);
}

static void paths(void **state)
{
	static struct { char const *arg; char const *want; } const cases[] = {
		{ "FROM:<a@b.example>", "a@b.example" },
		{ "FROM:a@b.example", "a@b.example" },
		{ "FROM: <a@b.example>", "a@b.example" },
		{ "FROM:   a@b.example SIZE=100", "a@b.example" },
		{ "FROM:<>", "" },
		{ "FROM <a@b.example>", "a@b.example" },
		{ "FROM:<a@b.example> SIZE=1", "a@b.example" },
		{ "FROM:<a@b.example>SIZE=1", "a@b.example" },
		{ "FROM:<@r1,@r2:a@b>", "a@b" },
		{ "FROM:@r1:a@b", "a@b" },
		{ "FROM:<\"a b\"@c>", "a b@c" },
		{ "FROM:<\"a>b\"@c>", "a>b@c" },
		{ "FROM:<a\\>b@c>", "a>b@c" },
		{ "FROM:<\"a\\\"b\"@c>", "a\"b@c" },
		{ "FROM:<\\\\>", "\\" },
		{ "FROM:a b@c", "a" },
		{ "FROM:\"a b\"@c d", "a b@c" },
		{ "FROM:<<a@b>>", "<a@b" },
		{ "Name <a@b> <c@d>", "a@b" },
		{ "FROM:<a@b@c>", "a@b@c" },
		{ "FROM:<#@[]>", "#@[]" },
		{ "FROM:<a(c)@b.>", "a(c)@b." },
		{ "FROM:<\xe4\t@b>", "\xe4\t@b" },
		{ "FROM:<a;`|$(){}%s@b>", "a;`|$(){}%s@b" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		parse(cases[i].arg, cases[i].want);
}

static void no_paths(void **state)
{
	static char const *const cases[] = {
		"", ":", "<", "FROM", "FROM:", "FROM:   ", "a@b.example", "SIZE=1",
		"FROM:<@r1>", "FROM:<@r1:>", "FROM:<@r1,@r2>", "FROM:<@", "FROM:@r1", "FROM:@r1 a:b", "FROM:<@r1> X:y",
		"FROM:<a@b", "FROM:<\"a@b", "FROM:<\"a@b>", "FROM:<\"a\\\"@b>", "FROM:<a@b\\", "FROM:<\\>",
		"FROM:\"a", "FROM:\"a b@c", "FROM:a\\", "FROM:<a@b SIZE=1",
	};
	address a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(address_parse(&a, cases[i], strlen(cases[i])), ADDRESS_BAD);
}

/* Where parameters start. */
static void ends(void **state)
{
	static struct { char const *arg; char const *rest; } const cases[] = {
		{ "FROM:<a@b> SIZE=1", " SIZE=1" },
		{ "FROM:<a@b>SIZE=1", "SIZE=1" },
		{ "FROM:<\"> \"@b> X=1 Y", " X=1 Y" },
		{ "FROM:a@b SIZE=1", "SIZE=1" },
		{ "FROM:a@b", "" },
		{ "FROM:<>", "" },
	};
	address a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(address_parse(&a, cases[i].arg, strlen(cases[i].arg)), ADDRESS_OK);
		assert_string_equal(cases[i].arg + a.end, cases[i].rest);
	}
}

/* The argument cut anywhere is an argument too, and is not read beyond. */
static void cut(void **state)
{
	static char const arg[] = "FROM:<@r,@s:\"a \\\" b\"\\c@[127.0.0.1]> SIZE=1";
	size_t const path = strlen(arg) - strlen(" SIZE=1");
	size_t n;

	(void)state;
	for (n = 0; n < sizeof arg; n++) {
		char *exact = malloc(n + !n);
		address a;

		assert_non_null(exact);
		memcpy(exact, arg, n);
		assert_int_equal(address_parse(&a, exact, n), n < path || n == sizeof arg ? ADDRESS_BAD : ADDRESS_OK);
		free(exact);
	}
}

static void bad_bytes(void **state)
{
	address a;

	(void)state;
	assert_int_equal(address_parse(&a, "<a\rb@c>", 7), ADDRESS_BAD);
	assert_int_equal(address_parse(&a, "<a\nb@c>", 7), ADDRESS_BAD);
	assert_int_equal(address_parse(&a, "<a\0b@c>", 7), ADDRESS_BAD);
	assert_int_equal(address_parse(&a, "<a\\\rb@c>", 8), ADDRESS_BAD);
	assert_int_equal(address_parse(&a, "<\"\n\"@c>", 7), ADDRESS_BAD);
	assert_int_equal(address_parse(&a, "<a@c>\r\n", 7), ADDRESS_OK);
}

static void length(void **state)
{
	char arg[ADDRESS_ROOM + 8];
	address a;

	(void)state;
	memset(arg, 'x', sizeof arg);
	arg[0] = '<';
	assert_int_equal(address_parse(&a, arg, 1 + ADDRESS_ROOM + 1), ADDRESS_TOO_LONG);
	arg[1 + ADDRESS_ROOM] = '>';
	arg[1 + ADDRESS_MAX] = '>';
	assert_int_equal(address_parse(&a, arg, 1 + ADDRESS_MAX + 1), ADDRESS_OK);
	assert_int_equal(a.len, ADDRESS_MAX);
	arg[1 + ADDRESS_MAX] = 'x';
	assert_int_equal(address_parse(&a, arg, 1 + ADDRESS_ROOM + 1), ADDRESS_OK);
	assert_int_equal(a.len, ADDRESS_ROOM);
}

static void set(address *a, char const *s)
{
	a->len = strlen(s);
	memcpy(a->s, s, a->len);
}

static void literals(void **state)
{
	static char const *const no[] = {
		"", "a", "[1.2.3.4]", "a@", "a@[", "a@[]", "a@1.2.3.4", "a@[1.2.3.4", "a@[1.2.3.4]x", "a@[1.2.3]",
		"a@[1.2.3.4.5]", "a@[1.2.3.256]", "a@[1.2..4]", "a@[1.2.3.]", "a@[.2.3.4]", "a@[1.2.3.4]]", "a@[-1.2.3.4]",
		"a@[1.2.3.99999999999999999999]", "a@[1.2.3.4@b", "a@[+1.2.3.4]", "a@[ 1.2.3.4]", "#@[]",
	};
	static unsigned char const want[4] = { 192, 0, 2, 255 };
	unsigned char ip[4];
	address a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof no / sizeof no[0]; i++) {
		set(&a, no[i]);
		assert_false(address_literal(&a, ip));
	}
	set(&a, "a@b@[192.0.2.255]");
	assert_true(address_literal(&a, ip));
	assert_memory_equal(ip, want, 4);
	set(&a, "@[192.000.0002.0000000255]");
	assert_true(address_literal(&a, ip));
	assert_memory_equal(ip, want, 4);
}

static void host(void **state)
{
	char name[ADDRESS_ROOM];
	address a;

	(void)state;
	memset(name, 'h', sizeof name);
	set(&a, "a@b@[1.2.3.4]");
	assert_int_equal(address_set_host(&a, "c.d", 3), ADDRESS_OK);
	assert_int_equal(a.len, 7);
	assert_memory_equal(a.s, "a@b@c.d", 7);
	assert_int_equal(address_set_host(&a, "", 0), ADDRESS_OK);
	assert_int_equal(a.len, 4);
	assert_int_equal(address_set_host(&a, name, sizeof name - 4), ADDRESS_OK);
	assert_int_equal(a.len, ADDRESS_ROOM);
	assert_int_equal(address_set_host(&a, name, sizeof name - 3), ADDRESS_TOO_LONG);
	assert_int_equal(a.len, ADDRESS_ROOM);
	set(&a, "local");
	assert_int_equal(address_set_host(&a, "c.d", 3), ADDRESS_OK);
	assert_int_equal(a.len, 5);
}

/* What quoting makes of a local part is read back as it was: every byte but those that are refused. */
static void round_trip(void **state)
{
	int c, d;

	(void)state;
	for (c = 1; c < 256; c++)
		for (d = 1; d < 256; d++) {
			char raw[6] = { (char)c, (char)d, '@', 'b', '.', 'c' };
			stralloc arg = STRALLOC_ZERO;
			address a;

			assert_true(stralloc_cats(&arg, "TO:<") && quote_address(&arg, raw, 6) && stralloc_cats(&arg, ">"));
			if (c == '\r' || c == '\n' || d == '\r' || d == '\n') {
				assert_int_equal(address_parse(&a, arg.s, arg.len), ADDRESS_BAD);
			} else {
				assert_int_equal(address_parse(&a, arg.s, arg.len), ADDRESS_OK);
				assert_int_equal(a.len, 6);
				assert_memory_equal(a.s, raw, 6);
			}
			stralloc_free(&arg);
		}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(no_paths),
		cmocka_unit_test(ends),
		cmocka_unit_test(cut),
		cmocka_unit_test(bad_bytes),
		cmocka_unit_test(length),
		cmocka_unit_test(literals),
		cmocka_unit_test(host),
		cmocka_unit_test(round_trip),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
