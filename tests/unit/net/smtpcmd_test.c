/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "net/smtpcmd.h"

static smtpcmd_status feed(smtpcmd *c, char const *s, size_t n, size_t step, size_t *used)
{
	smtpcmd_status status = SMTPCMD_MORE;

	*used = 0;
	while (status == SMTPCMD_MORE && *used < n) {
		size_t block = n - *used < step ? n - *used : step;
		size_t taken;

		status = smtpcmd_feed(c, s + *used, block, &taken);
		assert_true(taken <= block);
		*used += taken;
	}
	return status;
}

static void lines(void **state)
{
	static struct { char const *in; size_t n; char const *want; } const cases[] = {
		{ "\n", 1, "" },
		{ "\r\n", 2, "" },
		{ "NOOP\r\n", 6, "NOOP" },
		{ "NOOP\n", 5, "NOOP" },
		{ "NOOP\r\r\n", 7, "NOOP\r" },
		{ "NO\rOP\r\n", 7, "NO\rOP" },
		{ "NO\0OP\r\n", 7, "NO" },
		{ "\0\r\n", 3, "" },
		{ "a\r\0\n", 4, "a\r" },
		{ "\xff\xe4\r\n", 4, "\xff\xe4" },
		{ " x \r\n", 5, " x " },
	};
	size_t i, step, used;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (step = 1; step <= cases[i].n; step++) {
			smtpcmd c = SMTPCMD_ZERO;
			int twice;

			for (twice = 0; twice < 2; twice++) {
				assert_int_equal(feed(&c, cases[i].in, cases[i].n, step, &used), SMTPCMD_LINE);
				assert_int_equal(used, cases[i].n);
				assert_int_equal(c.line.len, strlen(cases[i].want));
				assert_memory_equal(c.line.s, cases[i].want, c.line.len);
				assert_int_equal(c.has_nul, memchr(cases[i].in, 0, cases[i].n) != 0);
			}
			stralloc_free(&c.line);
		}
}

static void one_by_one(void **state)
{
	smtpcmd c = SMTPCMD_ZERO;
	size_t used;

	(void)state;
	assert_int_equal(smtpcmd_feed(&c, "", 0, &used), SMTPCMD_MORE);
	assert_int_equal(used, 0);
	assert_int_equal(smtpcmd_feed(&c, "A\r\nBC\nD", 7, &used), SMTPCMD_LINE);
	assert_int_equal(used, 3);
	assert_int_equal(c.line.len, 1);
	assert_int_equal(smtpcmd_feed(&c, "BC\nD", 4, &used), SMTPCMD_LINE);
	assert_int_equal(used, 3);
	assert_int_equal(c.line.len, 2);
	assert_int_equal(smtpcmd_feed(&c, "D", 1, &used), SMTPCMD_MORE);
	assert_int_equal(used, 1);
	stralloc_free(&c.line);
}

/* A line at the limit is a line; one byte more is answered once, at its end, and the next is sound. */
static void limits(void **state)
{
	static size_t const over[] = { 0, 1, 2, SMTPCMD_MAX, 5 * (size_t)SMTPCMD_MAX };
	static size_t const steps[] = { 1000, 4096, 65536, 8 * (size_t)SMTPCMD_MAX };
	char *big = malloc(8 * (size_t)SMTPCMD_MAX);
	size_t i, k, used;

	(void)state;
	assert_non_null(big);
	for (i = 0; i < sizeof over / sizeof over[0]; i++)
		for (k = 0; k < sizeof steps / sizeof steps[0]; k++) {
			smtpcmd c = SMTPCMD_ZERO;
			size_t n = SMTPCMD_MAX + over[i];

			memset(big, 'x', n);
			memcpy(big + n, "\nQUIT\r\n", 7);
			assert_int_equal(feed(&c, big, n + 7, steps[k], &used), over[i] ? SMTPCMD_TOO_LONG : SMTPCMD_LINE);
			assert_int_equal(used, n + 1);
			assert_true(c.line.a <= SMTPCMD_MAX + SMTPCMD_MAX / 4 + 65536);
			assert_int_equal(feed(&c, big + used, 6, steps[k], &used), SMTPCMD_LINE);
			assert_int_equal(c.line.len, 4);
			stralloc_free(&c.line);
		}
	free(big);
}

static void split(void **state)
{
	static struct { char const *line; char const *verb; char const *arg; } const cases[] = {
		{ "", "", "" },
		{ "QUIT", "QUIT", "" },
		{ "QUIT ", "QUIT", "" },
		{ "HELO a", "HELO", "a" },
		{ "HELO   a b ", "HELO", "a b " },
		{ " HELO a", "", "HELO a" },
		{ "HELO\ta", "HELO\ta", "" },
		{ "   ", "", "" },
		{ "MAIL FROM:<a b>", "MAIL", "FROM:<a b>" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		smtpcmd_parts p;

		smtpcmd_split(&p, cases[i].line, strlen(cases[i].line));
		assert_int_equal(p.verblen, strlen(cases[i].verb));
		assert_memory_equal(p.verb, cases[i].verb, p.verblen);
		assert_int_equal(p.arglen, strlen(cases[i].arg));
		assert_memory_equal(p.arg, cases[i].arg, p.arglen);
	}
}

static void verb(void **state)
{
	static char const *const names[] = { "helo", "quit" };
	static struct { char const *line; unsigned int want; } const cases[] = {
		{ "HELO a", 0 }, { "quit", 1 }, { "qUiT now", 1 }, { "qui", 2 }, { "quits", 2 }, { "", 2 }, { " quit", 2 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		smtpcmd_parts p;

		smtpcmd_split(&p, cases[i].line, strlen(cases[i].line));
		assert_int_equal(smtpcmd_verb(&p, names, 2), cases[i].want);
	}
}

static void sizes(void **state)
{
	static struct { char const *s; uint64_t size; } const cases[] = {
		{ "", 0 }, { " ", 0 }, { "SIZE=1", 1 }, { " SIZE=100", 100 }, { " size=20 BODY=7BIT", 20 },
		{ " BODY=8BITMIME  SiZe=007", 7 }, { " SIZE=", 0 }, { " SIZE", 0 }, { " SIZE=x", 0 }, { " XSIZE=5", 0 },
		{ " SIZE=12x", 12 }, { " SIZE=1 SIZE=2", 1 }, { " SIZE=-1", 0 }, { " ENVID=SIZE=9", 0 },
		{ " SIZE=18446744073709551614", UINT64_MAX - 1 }, { " SIZE=18446744073709551615", UINT64_MAX },
		{ " SIZE=18446744073709551616", UINT64_MAX }, { " SIZE=99999999999999999999999999", UINT64_MAX },
	};
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(smtpcmd_size(cases[i].s, strlen(cases[i].s)), cases[i].size);
	/* cut anywhere, and not read beyond */
	for (n = 0; n <= 10; n++) {
		char *exact = malloc(n + !n);

		assert_non_null(exact);
		memcpy(exact, " A SIZE=12", n);
		assert_int_equal(smtpcmd_size(exact, n), n == 10 ? 12 : n == 9 ? 1 : 0);
		free(exact);
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(one_by_one),
		cmocka_unit_test(limits),
		cmocka_unit_test(split),
		cmocka_unit_test(verb),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
