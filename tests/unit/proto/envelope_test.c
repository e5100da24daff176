/* SPDX-License-Identifier: ISC */

#include "proto/envelope.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define S(x) x, sizeof x - 1

/* Feed s in two blocks; *kept becomes how many bytes are to be stored. */
static envelope_status feed(char const *s, size_t n, size_t cut, size_t *kept)
{
	envelope e = ENVELOPE_ZERO;
	size_t ends[2] = { cut, n };
	size_t from = 0;
	size_t i;

	*kept = 0;
	for (i = 0; i < 2; i++) {
		size_t len = ends[i] - from;
		char *block = malloc(len ? len : 1);
		envelope_status st;
		size_t used;

		memcpy(block, s + from, len);
		from = ends[i];
		st = envelope_check(&e, block, len, &used);
		free(block);
		*kept += used;
		if (st != ENVELOPE_MORE)
			return st;
		assert_int_equal(used, len);
	}
	return ENVELOPE_MORE;
}

static void envelopes(void **state)
{
	static struct { char const *name, *s; size_t n; envelope_status status; size_t kept; } const cases[] = {
		{ "usual", S("Fa@b\0Tc@d\0\0"), ENVELOPE_DONE, 10 },
		{ "no recipient", S("Fa\0\0"), ENVELOPE_DONE, 3 },
		{ "empty addresses", S("F\0T\0T\0\0"), ENVELOPE_DONE, 6 },
		{ "more behind the end", S("Fa\0Tb\0\0Tc\0\0junk"), ENVELOPE_DONE, 6 },
		{ "8 bit and newline", S("F\377 b\0T\351\n\0\0"), ENVELOPE_DONE, 9 },
		{ "empty", S(""), ENVELOPE_MORE, 0 },
		{ "no end", S("Fa\0Tb\0"), ENVELOPE_MORE, 6 },
		{ "cut in the sender", S("Fabc"), ENVELOPE_MORE, 4 },
		{ "cut in a recipient", S("Fa\0Tb"), ENVELOPE_MORE, 5 },
		{ "recipient first", S("Ta\0\0"), ENVELOPE_BAD, 0 },
		{ "NUL first", S("\0"), ENVELOPE_BAD, 0 },
		{ "two senders", S("Fa\0Fb\0\0"), ENVELOPE_BAD, 0 },
		{ "another letter", S("Fa\0Rb\0\0"), ENVELOPE_BAD, 0 },
		{ "lower case", S("fa\0\0"), ENVELOPE_BAD, 0 },
	};
	size_t i, cut, kept;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (cut = 0; cut <= cases[i].n; cut++) {
			assert_int_equal(feed(cases[i].s, cases[i].n, cut, &kept), cases[i].status);
			if (cases[i].status == ENVELOPE_DONE || cases[i].status == ENVELOPE_MORE)
				assert_int_equal(kept, cases[i].kept);
		}
}

static void no_prefix_is_an_envelope(void **state)
{
	static char const whole[] = "Fa@b\0Tc@d\0T\0\0";
	size_t n, kept;

	(void)state;
	for (n = 0; n < sizeof whole - 1; n++)
		assert_int_equal(feed(whole, n, n / 2, &kept), ENVELOPE_MORE);
	assert_int_equal(feed(whole, sizeof whole - 1, 3, &kept), ENVELOPE_DONE);
}

static void longest_addresses(void **state)
{
	static struct { size_t n; envelope_status status; } const cases[] = {
		{ 1001, ENVELOPE_DONE }, { 1002, ENVELOPE_DONE }, { 1003, ENVELOPE_TOOLONG }, { 5000, ENVELOPE_TOOLONG },
	};
	char *s = malloc(6000);
	size_t i, cut, kept;
	int second;

	(void)state;
	for (i = 0; i < 4; i++)
		for (second = 0; second < 2; second++) {
			size_t n = 0;

			if (second) {
				memcpy(s, "Fs\0T", 4);
				n = 4;
			} else {
				s[n++] = 'F';
			}
			memset(s + n, 'x', cases[i].n);
			n += cases[i].n;
			s[n++] = 0;
			s[n++] = 0;
			for (cut = 0; cut <= n; cut++)
				assert_int_equal(feed(s, n, cut, &kept), cases[i].status);
		}
	free(s);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(envelopes),
		cmocka_unit_test(no_prefix_is_an_envelope),
		cmocka_unit_test(longest_addresses),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
