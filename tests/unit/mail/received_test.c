/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "mail/received.h"

static void build(stralloc *sa, received const *r)
{
	sa->len = 0;
	assert_true(received_put(sa, r, 0));
}

static void expect(received const *r, char const *want)
{
	stralloc sa = STRALLOC_ZERO;

	build(&sa, r);
	assert_int_equal(sa.len, strlen(want));
	assert_memory_equal(sa.s, want, sa.len);
	stralloc_free(&sa);
}

static void forms(void **state)
{
	received r = { .host = "c.example", .ip = "192.0.2.7", .local = "mx.example", .protocol = "SMTP" };

	(void)state;
	expect(&r, "Received: from c.example (192.0.2.7)\n  by mx.example with SMTP; 1 Jan 1970 00:00:00 -0000\n");
	r.helo = "C.Example";
	expect(&r, "Received: from c.example (192.0.2.7)\n  by mx.example with SMTP; 1 Jan 1970 00:00:00 -0000\n");
	r.helo = "";
	expect(&r, "Received: from c.example (HELO ) (192.0.2.7)\n  by mx.example with SMTP; 1 Jan 1970 00:00:00 -0000\n");
	r.helo = "a b";
	r.info = "joe";
	r.protocol = "QMTP";
	expect(&r, "Received: from c.example (HELO a?b) (joe@192.0.2.7)\n"
		"  by mx.example with QMTP; 1 Jan 1970 00:00:00 -0000\n");
	r.info = "";
	r.host = "";
	r.helo = 0;
	r.ip = "2001:db8::7";
	expect(&r, "Received: from  (@2001:db8::7)\n  by mx.example with QMTP; 1 Jan 1970 00:00:00 -0000\n");
}

/* Whatever stands in any of the fields: two lines, LF only at their ends, printable, at most 998. */
static void hostile(void **state)
{
	static char junk[3000];
	received r = { .host = junk, .ip = junk, .info = junk, .helo = junk + 1, .local = junk, .protocol = "SMTP" };
	stralloc sa = STRALLOC_ZERO;
	size_t i;
	size_t line = 0;
	size_t lines = 0;

	(void)state;
	for (i = 0; i < sizeof junk - 1; i++)
		junk[i] = (char)(i % 255 + 1);
	build(&sa, &r);
	for (i = 0; i < sa.len; i++) {
		if (sa.s[i] != '\n') {
			assert_true(sa.s[i] >= 32 && sa.s[i] < 127);
			continue;
		}
		assert_true(i - line <= 998);
		line = i + 1;
		lines++;
	}
	assert_int_equal(lines, 2);
	assert_int_equal(line, sa.len);
	stralloc_free(&sa);
}

static void every_byte(void **state)
{
	static char const safe[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.@%+/=:-[]";
	int c;

	(void)state;
	for (c = 1; c < 256; c++) {
		char name[2] = { (char)c, 0 };
		received r = { .host = name, .ip = "i", .local = "l", .protocol = "P" };
		stralloc sa = STRALLOC_ZERO;

		build(&sa, &r);
		assert_int_equal(sa.s[15], strchr(safe, c) ? (char)c : '?');
		stralloc_free(&sa);
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(hostile),
		cmocka_unit_test(every_byte),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
