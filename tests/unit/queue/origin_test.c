/* SPDX-License-Identifier: ISC */

#include "queue/origin.h"

#include <string.h>

#include "unit.h"

static void lines(void **state)
{
	static struct { origin o; uid_t uid; pid_t pid; int64_t now; char const *want; } const cases[] = {
		{ ORIGIN_UID, 1000, 1234, 1795312854, "Received: (qmail 1234 invoked by uid 1000); 22 Nov 2026 02:00:54 -0000\n" },
		{ ORIGIN_UID, 0, 1, 0, "Received: (qmail 1 invoked by uid 0); 1 Jan 1970 00:00:00 -0000\n" },
		{ ORIGIN_ALIAS, 7, 2, 0, "Received: (qmail 2 invoked by alias); 1 Jan 1970 00:00:00 -0000\n" },
		{ ORIGIN_NETWORK, 7, 2, 0, "Received: (qmail 2 invoked from network); 1 Jan 1970 00:00:00 -0000\n" },
		{ ORIGIN_BOUNCE, 7, 2, 0, "Received: (qmail 2 invoked for bounce); 1 Jan 1970 00:00:00 -0000\n" },
		{ ORIGIN_UID, UINT32_MAX, INT32_MAX, INT64_MAX, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char s[ORIGIN_FMT];
		size_t n = origin_line(s, cases[i].o, cases[i].uid, cases[i].pid, cases[i].now);

		assert_true(n <= ORIGIN_FMT);
		assert_int_equal(s[n - 1], '\n');
		if (cases[i].want) {
			assert_int_equal(n, strlen(cases[i].want));
			assert_memory_equal(s, cases[i].want, n);
		}
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = { cmocka_unit_test(lines) };

	return cmocka_run_group_tests(tests, 0, 0);
}
