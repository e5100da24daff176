/* SPDX-License-Identifier: ISC */

#include "pop3d/wire.h"

#include <string.h>

#include "unit.h"

static void texts(void **state)
{
	static size_t const all = SIZE_MAX;
	static struct { char const *in; size_t lines; char const *out; } const cases[] = {
		{ "", all, ".\r\n" },
		{ "", 0, ".\r\n" },
		{ "a", all, "a\r\n.\r\n" },
		{ "a\n", all, "a\r\n.\r\n" },
		{ "a\n\n", all, "a\r\n\r\n.\r\n" },
		{ "\n", all, "\r\n.\r\n" },
		{ "\n", 0, "\r\n.\r\n" },
		{ ".", all, "..\r\n.\r\n" },
		{ ".\n..\n.a\na.b\n.", all, "..\r\n...\r\n..a\r\na.b\r\n..\r\n.\r\n" },
		{ "a\r\n.\r\n", all, "a\r\r\n..\r\r\n.\r\n" },
		{ "a\r.\rb", all, "a\r.\rb\r\n.\r\n" },
		{ "h\n\n1\n2\n3\n", 0, "h\r\n\r\n.\r\n" },
		{ "h\n\n1\n2\n3\n", 1, "h\r\n\r\n1\r\n.\r\n" },
		{ "h\n\n1\n2\n3\n", 2, "h\r\n\r\n1\r\n2\r\n.\r\n" },
		{ "h\n\n1\n2\n3\n", 3, "h\r\n\r\n1\r\n2\r\n3\r\n.\r\n" },
		{ "h\n\n1\n2\n3", 3, "h\r\n\r\n1\r\n2\r\n3\r\n.\r\n" },
		{ "h\n\n1\n2\n3", 99, "h\r\n\r\n1\r\n2\r\n3\r\n.\r\n" },
		{ "h\n\n\n\n.3", 2, "h\r\n\r\n\r\n\r\n.\r\n" },
		{ "h\n\n\n\n.3", 3, "h\r\n\r\n\r\n\r\n..3\r\n.\r\n" },
		{ "\n1\n2\n", 1, "\r\n1\r\n.\r\n" },
		{ "h\nmore", 0, "h\r\nmore\r\n.\r\n" },
		{ "h\nmore\n", 1, "h\r\nmore\r\n.\r\n" },
	};
	size_t i;
	size_t step;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = strlen(cases[i].in);

		for (step = 1; step <= n + 1; step++) {
			char out[128];
			size_t len = 0;
			size_t k;
			wire w;

			wire_start(&w, cases[i].lines);
			for (k = 0; k < n; k += step) {
				size_t piece = n - k < step ? n - k : step;
				size_t put = wire_feed(&w, cases[i].in + k, piece, out + len);

				assert_true(put <= WIRE_ROOM(piece));
				len += put;
			}
			k = wire_end(&w, out + len);
			assert_true(k <= WIRE_END_MAX);
			len += k;
			assert_int_equal(len, strlen(cases[i].out));
			assert_memory_equal(out, cases[i].out, len);
		}
	}
}

static void every_byte(void **state)
{
	char in[256];
	char out[WIRE_ROOM(sizeof in)];
	wire w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof in; i++)
		in[i] = (char)i;
	wire_start(&w, SIZE_MAX);
	assert_int_equal(wire_feed(&w, in, sizeof in, out), sizeof in + 1);
	assert_memory_equal(out, in, 10);
	assert_memory_equal(out + 10, "\r\n", 2);
	assert_memory_equal(out + 12, in + 11, sizeof in - 11);
}

/* The worst case for the room. */
static void only_dots_and_ends(void **state)
{
	char in[200];
	char out[WIRE_ROOM(sizeof in)];
	wire w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof in; i++)
		in[i] = i % 2 ? '\n' : '.';
	wire_start(&w, SIZE_MAX);
	assert_int_equal(wire_feed(&w, in, sizeof in, out), WIRE_ROOM(sizeof in));
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(only_dots_and_ends),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
