/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "mail/crlf.h"

static void decoded(void **state)
{
	static struct { char const *in; char const *out; } const cases[] = {
		{ "", "" },
		{ "a", "a" },
		{ "\r\n", "\n" },
		{ "a\r\nb\r\n", "a\nb\n" },
		{ "\n", "\n" },
		{ "a\nb\r\n", "a\nb\n" },
		{ "\r", "\r" },
		{ "a\rb", "a\rb" },
		{ "\r\r\n", "\r\n" },
		{ "\r\r\r", "\r\r\r" },
		{ "a\rb\r\r\nc\r", "a\rb\r\nc\r" },
		{ "\r\n\r\n", "\n\n" },
		{ "\n\r\n\r", "\n\n\r" },
		{ "\xff\r\n\x80", "\xff\n\x80" },
	};
	size_t i, step;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = strlen(cases[i].in);

		for (step = 1; step <= n + 1; step++) {
			crlf t = CRLF_ZERO;
			char out[64];
			size_t len = 0;
			size_t at;

			for (at = 0; at < n; at += step) {
				size_t some = n - at < step ? n - at : step;
				size_t wrote = crlf_decode(&t, out + len, cases[i].in + at, some);

				assert_in_range(wrote, 0, some + 1);
				len += wrote;
			}
			len += crlf_end(&t, out + len);
			assert_int_equal(crlf_end(&t, out + len), 0);
			assert_int_equal(len, strlen(cases[i].out));
			assert_memory_equal(out, cases[i].out, len);
		}
	}
}

static void nul(void **state)
{
	crlf t = CRLF_ZERO;
	char out[8];

	(void)state;
	assert_int_equal(crlf_decode(&t, out, "\0\r\0\r\n", 5), 4);
	assert_memory_equal(out, "\0\r\0\n", 4);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(decoded),
		cmocka_unit_test(nul),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
