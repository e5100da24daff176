/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "mail/plain.h"

enum { MOST = 100, FILL = 0x5a };

static size_t slow(char const *s, size_t n, char a, char b)
{
	size_t i;

	for (i = 0; i < n && s[i] != a && s[i] != b; i++)
		;
	return i;
}

/* The first n bytes of a text that has nothing special but c at one place, if that is in it. out is exactly as long as
 * allowed, so that the sanitizers see a byte too many. */
static void check(size_t n, size_t at, char c)
{
	char *s = malloc(n + 1);
	char *out = malloc(n + 1);
	size_t len;
	size_t i;

	assert_true(s && out);
	for (i = 0; i < n; i++)
		s[i] = (char)('a' + i % 26);
	if (at < n)
		s[at] = c;
	out[n] = FILL;
	len = plain_copy(out, s, n, '\r', '\n');
	assert_int_equal(len, slow(s, n, '\r', '\n'));
	assert_memory_equal(out, s, len);
	assert_int_equal(out[n], FILL);
	free(s);
	free(out);
}

static void every_place(void **state)
{
	size_t n, at;

	(void)state;
	for (n = 0; n <= MOST; n++)
		for (at = 0; at <= n; at++) {
			check(n, at, '\r');
			check(n, at, '\n');
			check(n, at, '\0');
			check(n, at, '\x8d');   /* CR with the eighth bit */
			check(n, at, '\x0b');
		}
}

static void first_of_two(void **state)
{
	char s[MOST];
	char out[MOST];
	size_t i, k;

	(void)state;
	for (i = 0; i < MOST; i++)
		for (k = 0; k < MOST; k++) {
			memset(s, 'x', sizeof s);
			s[i] = '\n';
			s[k] = '\r';
			assert_int_equal(plain_copy(out, s, sizeof s, '\r', '\n'), i < k ? i : k);
			assert_int_equal(plain_copy(out, s, sizeof s, '\n', '\r'), i < k ? i : k);
		}
}

static void any_byte(void **state)
{
	char s[40];
	char out[40];
	int a, c;

	(void)state;
	for (a = 0; a < 256; a++)
		for (c = 0; c < 256; c++) {
			memset(s, c, sizeof s);
			assert_int_equal(plain_copy(out, s, sizeof s, (char)a, (char)a), a == c ? 0 : sizeof s);
		}
}

static void unaligned(void **state)
{
	char s[64];
	char out[80];
	size_t from, to;

	(void)state;
	memset(s, 'y', sizeof s);
	s[60] = '\n';
	for (from = 0; from < 16; from++)
		for (to = 0; to < 16; to++) {
			assert_int_equal(plain_copy(out + to, s + from, sizeof s - from, '\n', '\n'), 60 - from);
			assert_memory_equal(out + to, s + from, 60 - from);
		}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(every_place),
		cmocka_unit_test(first_of_two),
		cmocka_unit_test(any_byte),
		cmocka_unit_test(unaligned),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
