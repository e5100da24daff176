/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "net/ip.h"

typedef struct row
{
	char const *in;
	char const *want;       /* null: no literal */
} row;

static row const rows[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ "[192.0.2.1]", "192.0.2.1" },
	{ "0.0.0.0", "0.0.0.0" },
	{ "255.255.255.255", "255.255.255.255" },
	{ "127.0.0.256", 0 },
	{ "[127.0.0.300]", 0 },
	{ "127.000.000.0000000000000000000000000000025", "127.0.0.25" },
	{ "4294967297.0.0.1", 0 },
	{ "1.2.3", 0 },
	{ "1.2.3.4.5", 0 },
	{ "1.2.3.4.", 0 },
	{ ".1.2.3", 0 },
	{ "1..2.3", 0 },
	{ "1.2.3.x", 0 },
	{ "1.2.3.4x", 0 },
	{ " 1.2.3.4", 0 },
	{ "[1.2.3.4", 0 },
	{ "1.2.3.4]", 0 },
	{ "[[1.2.3.4]]", 0 },
	{ "[]", 0 },
	{ "[", 0 },
	{ "]", 0 },
	{ "", 0 },
	{ "[IPv6:2001:db8::1]", "2001:db8::1" },
	{ "[ipV6:2001:DB8:0:0:0:0:0:1]", "2001:db8::1" },
	{ "[2001:db8::1]", "2001:db8::1" },
	{ "[::]", "::" },
	{ "[::1]", "::1" },
	{ "[IPv6:::1]", "::1" },
	{ "[IPv6:::ffff:192.0.2.1]", "192.0.2.1" },
	{ "[::ffff:c000:0201]", "192.0.2.1" },
	{ "2001:db8::1", 0 },
	{ "[IPv6:]", 0 },
	{ "[IPv6:192.0.2.1]", 0 },
	{ "[fe80::1%lo]", 0 },
	{ "[2001:db8::1::2]", 0 },
	{ "[0000:0000:0000:0000:0000:ffff:192.168.100.228]", "192.168.100.228" },
	{ "[1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:1:2:3:4:5:6:7:8:9]", 0 },
	{ "host.example", 0 },
};

static void literals(void **state)
{
	row const *r;

	(void)state;
	UNIT_EACH(r, rows) {
		ip_address a;
		char text[IP_FMT];

		if (!!ip_literal(&a, r->in, strlen(r->in)) != !!r->want)
			fail_msg("%s", r->in);
		if (r->want) {
			assert_int_equal(ip_format(text, &a), strlen(r->want));
			assert_string_equal(text, r->want);
		}
	}
}

/* Counted, not NUL-terminated: what stands behind does not count; a NUL is no part of a literal. */
static void counted(void **state)
{
	ip_address a;

	(void)state;
	assert_true(ip_literal(&a, "1.2.3.45", 7));
	assert_int_equal(a.bytes[3], 4);
	assert_false(ip_literal(&a, "1.2.3.4\0", 8));
	assert_false(ip_literal(&a, "[::1\0x]", 7));
	assert_false(ip_literal(&a, 0, 0));
}

static void set_unused_bytes(void **state)
{
	unsigned char const four[4] = { 1, 2, 3, 4 };
	ip_address a;
	size_t i;

	(void)state;
	memset(&a, 0xff, sizeof a);
	ip_set(&a, four, 4);
	for (i = 4; i < 16; i++)
		assert_int_equal(a.bytes[i], 0);
}

static void misspelt(void **state)
{
	static struct { char const *text; int want; } const texts[] = {
		{ "1.2.3", 1 }, { "1.2.3.4", 0 }, { "1.2.3.400", 1 }, { "[1.2.3]", 1 }, { "[::1]", 0 }, { "[host]", 1 }, { "[", 1 },
		{ "host", 0 }, { "1.2.3.x", 0 }, { "2", 1 }, { ".", 1 }, { "", 1 }, { "x[1]", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		print_message("%s\n", texts[i].text);
		assert_int_equal(ip_misspelt(texts[i].text, strlen(texts[i].text)), texts[i].want);
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(literals),
		cmocka_unit_test(counted),
		cmocka_unit_test(set_unused_bytes),
		cmocka_unit_test(misspelt),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
