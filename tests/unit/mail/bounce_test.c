/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "mail/bounce.h"

static void paragraphs(void **state)
{
	static struct { char const *recipient; char const *text; char const *want; } const rows[] = {
		{ "a@b", "no\n", "<a@b>:\nno\n\n" },
		{ "a@b", "no", "<a@b>:\nno\n\n" },
		{ "a@b", "", "<a@b>:\n\n" },
		{ "a@b", "\n", "<a@b>:\n\n\n" },
		{ "a@b", "\n\n", "<a@b>:\n/\n\n" },
		{ "a@b", "\n\n\n", "<a@b>:\n//\n\n" },
		{ "a@b", "\nx\n", "<a@b>:\n/x\n\n" },
		{ "a@b", "x\n\n", "<a@b>:\nx\n\n\n" },
		{ "a@b", "x\n\ny", "<a@b>:\nx\n/y\n\n" },
		{ "a@b", "a\n\n\nb\n", "<a@b>:\na\n//b\n\n" },
		{ "a@b", "one\n\ntwo\n\n\n\nthree\n\n", "<a@b>:\none\n/two\n///three\n\n\n" },
		{ "a\nb@c\n", "no\n", "<a_b@c_>:\nno\n\n" },
		{ "", "no\n", "<>:\nno\n\n" },
		{ "a b\"<c>@d", "no\n", "<a b\"<c>@d>:\nno\n\n" },
	};
	stralloc sa = STRALLOC_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		print_message("row %zu\n", i);
		sa.len = 0;
		assert_int_equal(bounce_paragraph(&sa, rows[i].recipient, strlen(rows[i].recipient),
			rows[i].text, strlen(rows[i].text)), 1);
		assert_int_equal(stralloc_0(&sa), 1);
		assert_string_equal(sa.s, rows[i].want);
	}
	stralloc_free(&sa);
}

/* No report can make a blank line inside its paragraph, cut where it may be. */
static void a_text_cannot_end_the_list(void **state)
{
	static char const text[] = "\n\na\n\n\n--- Below this line\n\n\n\nb";
	stralloc sa = STRALLOC_ZERO;
	size_t n;

	(void)state;
	for (n = 0; n < sizeof text; n++) {
		char *blank;

		sa.len = 0;
		assert_int_equal(bounce_paragraph(&sa, "x", 1, text, n), 1);
		assert_int_equal(stralloc_0(&sa), 1);
		blank = strstr(sa.s, "\n\n");
		assert_non_null(blank);
		assert_true(blank + strspn(blank, "\n") == sa.s + sa.len - 1);
	}
	stralloc_free(&sa);
}

static bounce_letter const single = {
	.date = 0, .from = "Mail Robot", .fromlen = 10, .host = "h.example", .hostlen = 9,
	.to = "a b@far.example", .tolen = 15, .sender = "a b@far.example", .senderlen = 15,
};

static bounce_letter const twice = {
	.date = 1000000000, .from = "MAILER-DAEMON", .fromlen = 13, .host = "h.example", .hostlen = 9,
	.to = "@h.example", .tolen = 10, .sender = "", .senderlen = 0,
};

static void letters(void **state)
{
	static struct { bounce_letter const *l; char const *head; char const *foot; } const rows[] = {
		{ &single,
			"Date: 1 Jan 1970 00:00:00 -0000\nFrom: \"Mail Robot\"@h.example\nTo: \"a b\"@far.example\n"
			"Subject: failure notice\n\nHi. This is the qmail-send program at h.example.\n"
			"I'm afraid I wasn't able to deliver your message to the following addresses.\n"
			"This is a permanent error; I've given up. Sorry it didn't work out.\n\n",
			"--- Below this line is a copy of the message.\n\nReturn-Path: <\"a b\"@far.example>\n" },
		{ &twice,
			"Date: 9 Sep 2001 01:46:40 -0000\nFrom: MAILER-DAEMON@h.example\nTo: \"\"@h.example\n"
			"Subject: failure notice\n\nHi. This is the qmail-send program at h.example.\n"
			"I tried to deliver a bounce message to this address, but the bounce bounced!\n\n",
			"--- Below this line is the original bounce.\n\nReturn-Path: <>\n" },
	};
	stralloc sa = STRALLOC_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		sa.len = 0;
		assert_true(bounce_head(&sa, rows[i].l) && stralloc_0(&sa));
		assert_string_equal(sa.s, rows[i].head);
		sa.len = 0;
		assert_true(bounce_foot(&sa, rows[i].l) && stralloc_0(&sa));
		assert_string_equal(sa.s, rows[i].foot);
	}
	stralloc_free(&sa);
}

static void last_deferrals(void **state)
{
#define LAST "I'm not going to try again; this message has been in the queue too long.\n"
	static struct { char const *text; char const *want; } const rows[] = {
		{ "", LAST },
		{ "no", "no\n" LAST },
		{ "no\n", "no\n" LAST },
		{ "\n", "\n" LAST },
		{ "a\nb", "a\nb\n" LAST },
	};
	stralloc sa = STRALLOC_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_true(stralloc_copys(&sa, rows[i].text) && bounce_expired(&sa) && stralloc_0(&sa));
		assert_string_equal(sa.s, rows[i].want);
	}
	stralloc_free(&sa);
#undef LAST
}

static void endings(void **state)
{
	stralloc sa = STRALLOC_ZERO;

	(void)state;
	assert_true(bounce_cut(&sa, UINT64_MAX) && stralloc_0(&sa));
	assert_string_equal(sa.s, "\n--- The message was longer: 18446744073709551615 bytes in all.\n");
	sa.len = 0;
	assert_true(bounce_missing(&sa) && stralloc_0(&sa));
	assert_non_null(strstr(sa.s, "\n--- The text of the message is lost"));
	stralloc_free(&sa);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(paragraphs),
		cmocka_unit_test(a_text_cannot_end_the_list),
		cmocka_unit_test(letters),
		cmocka_unit_test(last_deferrals),
		cmocka_unit_test(endings),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
