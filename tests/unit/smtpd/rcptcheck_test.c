/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "smtpd/rcptcheck.h"

static void replies(void **state)
{
	static struct { char const *text; size_t n; char const *reply; } const rows[] = {
#define ROW(text, reply) { text, sizeof text - 1, reply }
		ROW("550 no such user", "550 no such user"),
		ROW("450 later\r\n", "450 later"),
		ROW("550 one\n250 two\n", "550 one"),
		ROW("550 a\r\n250 b", "550 a"),
		ROW("550 \033[m\0\377", "550 ?[m??"),
		ROW("550 ", "550 "),
		ROW("550", 0),
		ROW("", 0),
		ROW("\n550 x", 0),
		ROW("250 ok", 0),
		ROW("354 go ahead", 0),
		ROW("55x no", 0),
		ROW("550-more", 0),
		ROW("no such user", 0),
#undef ROW
	};
	stralloc sa = STRALLOC_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		print_message("%s\n", rows[i].text);
		assert_true(stralloc_copyb(&sa, rows[i].text, rows[i].n));
		assert_int_equal(rcptcheck_reply(&sa), rows[i].reply != 0);
		if (rows[i].reply)
			assert_string_equal(sa.s, rows[i].reply);
	}
	stralloc_free(&sa);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(replies),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
