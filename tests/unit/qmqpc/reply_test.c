/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "qmqpc/reply.h"

static reply_status feed(reply *r, char const *s, size_t n)
{
	reply_status status = REPLY_MORE;

	*r = (reply)REPLY_ZERO;
	while (n-- > 0 && status == REPLY_MORE)
		status = reply_feed(r, *s++);
	return status;
}

static void answers(void **state)
{
	static struct { char const *s; reply_status status; char verdict; char const *text; } const cases[] = {
		{ "", REPLY_MORE, 0, "" },
		{ "3:Kok,", REPLY_DONE, 'K', "ok" },
		{ "4:Zbad,", REPLY_DONE, 'Z', "bad" },
		{ "4:Dbad,", REPLY_DONE, 'D', "bad" },
		{ "1:K,", REPLY_DONE, 'K', "" },
		{ "6:Da\nb\x7f" "c,", REPLY_DONE, 'D', "a b c" },
		{ "6:Da\rb\tc,", REPLY_DONE, 'D', "a b c" },
		/* no length */
		{ "Kok", REPLY_DONE, 'K', "" },
		{ "D", REPLY_DONE, 'D', "" },
		{ "Z", REPLY_DONE, 'Z', "" },
		/* cut */
		{ "3", REPLY_MORE, 0, "" },
		{ "3:", REPLY_MORE, 0, "" },
		{ "3:K", REPLY_MORE, 'K', "" },
		{ "9:Dhal", REPLY_MORE, 'D', "hal" },
		/* no answer */
		{ "0:,", REPLY_BAD, 0, "" },
		{ "5:xyZDK,", REPLY_BAD, 0, "" },
		{ "5:hello,", REPLY_BAD, 0, "" },
		{ "hello", REPLY_BAD, 0, "" },
		{ ":K,", REPLY_BAD, 0, "" },
		{ "03:Kok,", REPLY_BAD, 0, "" },
		{ "3K", REPLY_BAD, 0, "" },
		{ " 3:Kok,", REPLY_BAD, 0, "" },
		{ "99999999999:K", REPLY_BAD, 0, "" },
		{ "\n3:Kok", REPLY_BAD, 0, "" },
		{ "k", REPLY_BAD, 0, "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		reply r;

		assert_int_equal(feed(&r, cases[i].s, strlen(cases[i].s)), cases[i].status);
		assert_int_equal(r.verdict, cases[i].verdict);
		assert_int_equal(r.len, strlen(cases[i].text));
		assert_memory_equal(r.text, cases[i].text, r.len);
	}
}

/* However long it is: we have what we can use. */
static void long_texts(void **state)
{
	static char const head[] = "1000:Z";
	char s[2000];
	reply r;
	size_t n;

	(void)state;
	memset(s, 'x', sizeof s);
	memcpy(s, head, sizeof head - 1);
	for (n = 0; n < REPLY_TEXT_MAX; n++) {
		assert_int_equal(feed(&r, s, sizeof head - 1 + n), REPLY_MORE);
		assert_int_equal(r.len, n);
	}
	assert_int_equal(feed(&r, s, sizeof head - 1 + n), REPLY_DONE);
	assert_int_equal(r.len, REPLY_TEXT_MAX);
	assert_int_equal(r.verdict, 'Z');
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(long_texts),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
