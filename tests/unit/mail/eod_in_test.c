/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "mail/eod_in.h"

/* What RFC 5321 and qmail's treatment of a bare CR say, written down as slowly as possible: cut the
 * stream at CR LF, look at each line as a whole. */
typedef struct verdict
{
	eod_in_status status;
	size_t used;
	size_t len;
	char out[256];
} verdict;

static void put(verdict *v, char const *s, size_t n)
{
	memcpy(v->out + v->len, s, n);
	v->len += n;
}

/* The end of a line that is not complete yet: what could still turn out to be CR LF or the end of data
 * is not there yet. */
static void put_part(verdict *v, char const *line, size_t n)
{
	int dot = n > 0 && line[0] == '.';

	if (dot && n == 2 && line[1] == '\r')
		return;
	if (n > 0 && line[n - 1] == '\r')
		n--;
	/* The dot is data when nothing but a CR, which is data too, follows it. */
	if (dot && !(n >= 2 && line[1] == '\r'))
		put(v, line + 1, n - 1);
	else
		put(v, line, n);
}

static void put_line(verdict *v, char const *line, size_t n)
{
	int dot = n > 0 && line[0] == '.';

	if (dot && !(n >= 2 && line[1] == '\r'))
		put(v, line + 1, n - 1);
	else
		put(v, line, n);
	put(v, "\n", 1);
}

static void decide(verdict *v, char const *s, size_t n)
{
	size_t line = 0;
	size_t i;

	v->status = EOD_IN_MORE;
	v->len = 0;
	for (i = 0; i < n; i++) {
		if (s[i] != '\n')
			continue;
		v->used = i + 1;
		if (i == line || s[i - 1] != '\r') {
			put_part(v, s + line, i - line);
			v->status = EOD_IN_BARE_LF;
			return;
		}
		if (i - line == 2 && s[line] == '.') {
			v->status = EOD_IN_END;
			return;
		}
		put_line(v, s + line, i - 1 - line);
		line = i + 1;
	}
	v->used = n;
	put_part(v, s + line, n - line);
}

/* Feed s in blocks of at most step bytes. */
static void feed(verdict *v, char const *s, size_t n, size_t step)
{
	eod_in m = EOD_IN_ZERO;

	v->status = EOD_IN_MORE;
	v->used = v->len = 0;
	while (v->status == EOD_IN_MORE && v->used < n) {
		size_t block = n - v->used < step ? n - v->used : step;
		char *exact = malloc(block);
		char *room = malloc(block + EOD_IN_ROOM);
		size_t used, len;

		assert_non_null(exact);
		assert_non_null(room);
		memcpy(exact, s + v->used, block);
		v->status = eod_in_feed(&m, exact, block, &used, room, &len);
		assert_true(used <= block && (used == block || v->status != EOD_IN_MORE));
		put(v, room, len);
		v->used += used;
		free(exact);
		free(room);
	}
	assert_int_equal(m.bare_cr, memchr(v->out, '\r', v->len) != 0);
}

static void check(verdict const *want, verdict const *got)
{
	assert_int_equal(got->status, want->status);
	assert_int_equal(got->used, want->used);
	assert_int_equal(got->len, want->len);
	assert_memory_equal(got->out, want->out, want->len);
}

static void check_all_cuts(char const *s, size_t n)
{
	verdict want, got;
	size_t step;

	decide(&want, s, n);
	for (step = 1; step <= n; step++) {
		feed(&got, s, n, step);
		check(&want, &got);
	}
}

/* Every string of length 1 to 6 over these between the text of one message and what could be taken for
 * commands and a second one. Whatever comes, the first end of data is the only one. */
static void smuggle(void **state)
{
	static char const alphabet[5] = { '\r', '\n', '.', 'a', '\0' };
	static char const before[] = "first\r\nline";
	static char const after[] = "MAIL FROM:<x>\r\n.\r\n";
	size_t count = 0;
	size_t length;

	(void)state;
	for (length = 1; length <= 6; length++) {
		size_t combinations = 1;
		size_t k, i;

		for (i = 0; i < length; i++)
			combinations *= 5;
		for (k = 0; k < combinations; k++) {
			char s[64];
			size_t n = sizeof before - 1;
			size_t rest = k;
			verdict want, got;

			memcpy(s, before, n);
			for (i = 0; i < length; i++, rest /= 5)
				s[n++] = alphabet[rest % 5];
			memcpy(s + n, after, sizeof after - 1);
			n += sizeof after - 1;
			decide(&want, s, n);
			assert_int_not_equal(want.status, EOD_IN_MORE);
			feed(&got, s, n, n);
			check(&want, &got);
			feed(&got, s, n, 1);
			check(&want, &got);
			count++;
		}
	}
	assert_int_equal(count, 19530);
}

/* The same strings at the very start of a message, where the state differs. */
static void start(void **state)
{
	static char const alphabet[5] = { '\r', '\n', '.', 'a', '\0' };
	size_t length;

	(void)state;
	for (length = 0; length <= 5; length++) {
		size_t combinations = 1;
		size_t k, i;

		for (i = 0; i < length; i++)
			combinations *= 5;
		for (k = 0; k < combinations; k++) {
			char s[8];
			size_t rest = k;

			for (i = 0; i < length; i++, rest /= 5)
				s[i] = alphabet[rest % 5];
			check_all_cuts(s, length);
		}
	}
}

static void named(void **state)
{
	static struct { char const *in; char const *out; eod_in_status status; size_t left; } const cases[] = {
		{ ".\r\n", "", EOD_IN_END, 0 },
		{ ".\r\nQUIT\r\n", "", EOD_IN_END, 6 },
		{ "a\r\n.\r\n", "a\n", EOD_IN_END, 0 },
		{ "\r\n.\r\n", "\n", EOD_IN_END, 0 },
		{ "..\r\n.\r\n", ".\n", EOD_IN_END, 0 },
		{ "...\r\n.\r\n", "..\n", EOD_IN_END, 0 },
		{ ".x\r\n.\r\n", "x\n", EOD_IN_END, 0 },
		{ "a.\r\n.\r\n", "a.\n", EOD_IN_END, 0 },
		{ "a\rb\r\n.\r\n", "a\rb\n", EOD_IN_END, 0 },
		{ "a\r\r\n.\r\n", "a\r\n", EOD_IN_END, 0 },
		{ "a\r.\r\n.\r\n", "a\r.\n", EOD_IN_END, 0 },
		{ ".\ra\r\n.\r\n", ".\ra\n", EOD_IN_END, 0 },
		{ ".\r\r\n.\r\n", ".\r\n", EOD_IN_END, 0 },
		{ ".\r.\r\n.\r\n", ".\r.\n", EOD_IN_END, 0 },
		{ "a\n.\n", "a", EOD_IN_BARE_LF, 2 },
		{ "a\r\n.\n", "a\n", EOD_IN_BARE_LF, 0 },
		{ "a\n.\r\n", "a", EOD_IN_BARE_LF, 3 },
		{ "a\r\n.\r", "a\n", EOD_IN_MORE, 0 },
		{ "a\r", "a", EOD_IN_MORE, 0 },
		{ "\xff\xe4\r\n.\r\n", "\xff\xe4\n", EOD_IN_END, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = strlen(cases[i].in);
		verdict got;

		feed(&got, cases[i].in, n, n);
		assert_int_equal(got.status, cases[i].status);
		assert_int_equal(n - got.used, cases[i].left);
		assert_int_equal(got.len, strlen(cases[i].out));
		assert_memory_equal(got.out, cases[i].out, got.len);
		check_all_cuts(cases[i].in, n);
	}
}

/* Lines as long as what is looked at in one step, a bit shorter and longer, and what may be at their ends. */
static void lengths(void **state)
{
	static char const *const ends[] = { "\r\n", "\r\n.", "\r\n..", "\r\n.\r", "\r", "\r\r\n", "\n", "\r\n\r\n", "\r\n.\r\n" };
	size_t k, i;

	(void)state;
	for (k = 0; k < sizeof ends / sizeof ends[0]; k++)
		for (i = 0; i <= 70; i++) {
			char s[200];
			size_t n = 0;

			memset(s, 'a', sizeof s);
			n += i;
			memcpy(s + n, ends[k], strlen(ends[k]));
			n += strlen(ends[k]) + 33;
			memcpy(s + n, "\r\nz", 3);
			check_all_cuts(s, n + 3);
		}
}

static void nothing(void **state)
{
	eod_in m = EOD_IN_ZERO;
	char out[EOD_IN_ROOM];
	size_t used = 9, len = 9;

	(void)state;
	assert_int_equal(eod_in_feed(&m, "", 0, &used, out, &len), EOD_IN_MORE);
	assert_int_equal(used, 0);
	assert_int_equal(len, 0);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(smuggle),
		cmocka_unit_test(start),
		cmocka_unit_test(named),
		cmocka_unit_test(lengths),
		cmocka_unit_test(nothing),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
