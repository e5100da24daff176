/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "mail/eod_out.h"

typedef struct row
{
	char const *in;
	char const *want;
} row;

static row const rows[] = {
	{ "", ".\r\n" },
	{ "a\n", "a\r\n.\r\n" },
	{ "\n", "\r\n.\r\n" },
	{ "\n\n\nx\n", "\r\n\r\n\r\nx\r\n.\r\n" },
	{ ".\n", "..\r\n.\r\n" },
	{ "..\n", "...\r\n.\r\n" },
	{ ".x\n", "..x\r\n.\r\n" },
	{ "a.\n", "a.\r\n.\r\n" },
	{ "a\n.\nb\n", "a\r\n..\r\nb\r\n.\r\n" },
	{ "a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n" },
	{ "a\rb\n\rc\nd\r\n", "a\r\nb\r\n\r\nc\r\nd\r\n.\r\n" },
	{ "a\r.\r\nb\n", "a\r\n..\r\nb\r\n.\r\n" },
	{ "a\r.\nb\n", "a\r\n..\r\nb\r\n.\r\n" },
	{ "a\r.\rMAIL FROM:<x>\n", "a\r\n..\r\nMAIL FROM:<x>\r\n.\r\n" },
	{ "a\r\r\nb\n", "a\r\n\r\nb\r\n.\r\n" },
	{ "a\r\r.\n", "a\r\n\r\n..\r\n.\r\n" },
	{ "a\r", "a\r\n.\r\n" },
	{ "\r", "\r\n.\r\n" },
	{ "\r\r", "\r\n\r\n.\r\n" },
	{ ".\r", "..\r\n.\r\n" },
	{ "a\n\r.", "a\r\n\r\n..\r\n.\r\n" },
	{ "a", "a\r\n.\r\n" },
	{ ".", "..\r\n.\r\n" },
	{ "a\nb", "a\r\nb\r\n.\r\n" },
	{ "\rb", "\r\nb\r\n.\r\n" },
	{ "a\n.", "a\r\n..\r\n.\r\n" },
};

/* Converts in[0..n) in pieces of at most part bytes. Returns the length. */
static size_t convert(char const *in, size_t n, size_t part, char *out, size_t room)
{
	eod_out e = EOD_OUT_ZERO;
	size_t len = 0;
	size_t i;

	for (i = 0; i < n; i += part) {
		size_t piece = n - i < part ? n - i : part;
		/* On the heap and no larger than promised: a sanitizer sees the first byte too many. */
		char *space = malloc(EOD_OUT_ROOM(piece));
		size_t got;

		assert_non_null(space);
		got = eod_out_feed(&e, in + i, piece, space);
		assert_true(got <= EOD_OUT_ROOM(piece));
		assert_true(len + got + EOD_OUT_END_MAX <= room);
		memcpy(out + len, space, got);
		len += got;
		free(space);
	}
	return len + eod_out_end(&e, out + len);
}

static void table(void **state)
{
	row const *r;

	(void)state;
	UNIT_EACH(r, rows) {
		size_t part;

		for (part = 1; part <= 5; part++) {
			char out[200];
			size_t n = convert(r->in, strlen(r->in), part, out, sizeof out);

			if (n != strlen(r->want) || memcmp(out, r->want, n) != 0)
				fail_msg("%s in pieces of %zu: %.*s", r->in, part, (int)n, out);
		}
	}
}

/* What a strict receiver makes of wire[0..n): 1 if it ends with the first CR LF . CR LF and that is the
 * end of wire, and no CR or LF stands alone. The text, lines ended by LF, goes into text. */
static int receive(char const *wire, size_t n, char *text, size_t *textlen)
{
	size_t i = 0;

	*textlen = 0;
	for (;;) {
		size_t start = i;

		while (i + 1 < n && !(wire[i] == '\r' && wire[i + 1] == '\n')) {
			if (wire[i] == '\r' || wire[i] == '\n')
				return 0;
			i++;
		}
		if (i + 1 >= n)
			return 0;
		if (i - start == 1 && wire[start] == '.')
			return i + 2 == n;
		if (i > start && wire[start] == '.')
			start++;
		memcpy(text + *textlen, wire + start, i - start);
		*textlen += i - start;
		text[(*textlen)++] = '\n';
		i += 2;
	}
}

/* The text a message stands for: CR LF, LF and CR are all line ends, and so is the end of the message. */
static size_t normalise(char const *s, size_t n, char *text)
{
	size_t len = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (s[i] == '\r' && i + 1 < n && s[i + 1] == '\n')
			continue;
		text[len++] = s[i] == '\r' ? '\n' : s[i];
	}
	if (len > 0 && text[len - 1] != '\n')
		text[len++] = '\n';
	return len;
}

static void one_case(char const *in, size_t n)
{
	char wire[64];
	char text[64];
	char want[64];
	size_t textlen;
	size_t wantlen = normalise(in, n, want);
	size_t len = convert(in, n, n ? n : 1, wire, sizeof wire);
	char split[64];
	size_t part;

	for (part = 1; part < n; part++) {
		assert_int_equal(convert(in, n, part, split, sizeof split), len);
		assert_memory_equal(split, wire, len);
	}
	assert_true(receive(wire, len, text, &textlen));
	assert_int_equal(textlen, wantlen);
	assert_memory_equal(text, want, wantlen);
}

/* Every message of up to seven of these bytes leaves as exactly one message, and as the same one. */
static void no_smuggling(void **state)
{
	static char const alphabet[] = { '\r', '\n', '.', 'a', 0 };
	size_t n;

	(void)state;
	for (n = 0; n <= 7; n++) {
		unsigned long count = 1;
		unsigned long k;
		size_t i;

		for (i = 0; i < n; i++)
			count *= sizeof alphabet;
		for (k = 0; k < count; k++) {
			unsigned long rest = k;
			char in[8];

			for (i = 0; i < n; i++, rest /= sizeof alphabet)
				in[i] = alphabet[rest % sizeof alphabet];
			one_case(in, n);
		}
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(no_smuggling),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
