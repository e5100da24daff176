/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "base/text.h"
#include "explain/show.h"

static void bytes(void **state)
{
	static struct { char const *name, *in; size_t n; char const *safe; char const *string; } const rows[] = {
#define ROW(name, in, safe, string) { name, in, sizeof in - 1, safe, string }
		ROW("empty", "", "", "\"\""),
		ROW("plain", "a b~", "a b~", "\"a b~\""),
		ROW("NUL", "a\0b", "a\\x00b", "\"a\\u0000b\""),
		ROW("controls", "\x1b\n\x7f", "\\x1b\\x0a\\x7f", "\"\\u001b\\u000a\\u007f\""),
		ROW("backslash", "\\", "\\\\", "\"\\\\\\\\\""),
		ROW("quote", "\"", "\"", "\"\\\"\""),
		ROW("UTF-8", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\\xc3\\xa9\\xe2\\x82\\xac\\xf0\\x9f\\x98\\x80",
			"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""),
		ROW("no UTF-8", "\xff" "a\x80", "\\xffa\\x80", "\"\\\\xffa\\\\x80\""),
		ROW("cut", "\xe2\x82", "\\xe2\\x82", "\"\\\\xe2\\\\x82\""),
		ROW("too long a form", "\xc0\xaf\xe0\x80\xaf", "\\xc0\\xaf\\xe0\\x80\\xaf", "\"\\\\xc0\\\\xaf\\\\xe0\\\\x80\\\\xaf\""),
		ROW("surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80", "\"\\\\xed\\\\xa0\\\\x80\""),
		ROW("too high", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\"\\\\xf4\\\\x90\\\\x80\\\\x80\""),
		ROW("highest", "\xf4\x8f\xbf\xbf\xed\x9f\xbf", "\\xf4\\x8f\\xbf\\xbf\\xed\\x9f\\xbf", "\"\xf4\x8f\xbf\xbf\xed\x9f\xbf\""),
#undef ROW
	};
	stralloc sa = STRALLOC_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		print_message("%s\n", rows[i].name);
		sa.len = 0;
		assert_true(text_visible(&sa, rows[i].in, rows[i].n) && stralloc_0(&sa));
		assert_string_equal(sa.s, rows[i].safe);
		sa.len = 0;
		assert_true(show_string(&sa, rows[i].in, rows[i].n) && stralloc_0(&sa));
		assert_string_equal(sa.s, rows[i].string);
	}
	stralloc_free(&sa);
}

static void fill(steps *s)
{
	steps_add(s, STAGE_VIRTUALDOMAINS, STEP_TAKEN, "control/virtualdomains", 2, "h\n:foo", (char *)0);
	steps_add(s, STAGE_VIRTUALDOMAINS, STEP_BEATEN, "control/virtualdomains", 9, ":x", (char *)0);
	steps_add(s, STAGE_RECIPIENT, STEP_TAKEN, 0, 0, "foo-a@h is local", (char *)0);
	steps_fact(s, "user", "foo", 3);
	steps_count(s, "uid", 7);
	/* the result may come before the last step */
	steps_conclude(s, RESULT_DELIVERABLE, "f");
	steps_variable(s, "EXT=");
	steps_add(s, STAGE_HOME, STEP_TAKEN, "/h", 0, "m", (char *)0);
}

static void forms(void **state)
{
	static char const text[] = "a@h\n"
		"  virtualdomains taken    control/virtualdomains:2: h\\x0a:foo\n"
		"  virtualdomains beaten   control/virtualdomains:9: :x\n"
		"  recipient      taken    foo-a@h is local\n"
		"  environment             EXT=\n"
		"  home           taken    /h: m\n"
		"  result         deliverable: f\n";
	static char const chart[] = "a@h\n|\n+- virtualdomains\n|==>   control/virtualdomains:2: h\\x0a:foo\n"
		"|  '-- control/virtualdomains:9: :x\nv\nfoo-a@h is local\n|\n+- home\n|==>   /h: m\n|\nv\ndeliverable: f\n";
	static char const json[] = "{\"address\":\"a@h\",\"sender\":\"s\",\"result\":\"deliverable\",\"reason\":\"f\",\"exit\":0,"
		"\"user\":\"foo\",\"uid\":7,\"environment\":{\"EXT\":\"\"},\"steps\":["
		"{\"stage\":\"virtualdomains\",\"verdict\":\"taken\",\"file\":\"control/virtualdomains\",\"line\":2,\"text\":\"h\\u000a:foo\"},"
		"{\"stage\":\"virtualdomains\",\"verdict\":\"beaten\",\"file\":\"control/virtualdomains\",\"line\":9,\"text\":\":x\"},"
		"{\"stage\":\"recipient\",\"verdict\":\"taken\",\"file\":\"\",\"line\":0,\"text\":\"foo-a@h is local\"},"
		"{\"stage\":\"home\",\"verdict\":\"taken\",\"file\":\"/h\",\"line\":0,\"text\":\"m\"}]}";
	stralloc sa = STRALLOC_ZERO;
	steps s = STEPS_ZERO;

	(void)state;
	fill(&s);
	assert_true(show_text(&sa, "a@h", &s) && stralloc_0(&sa));
	assert_string_equal(sa.s, text);
	sa.len = 0;
	assert_true(show_chart(&sa, "a@h", &s) && stralloc_0(&sa));
	assert_string_equal(sa.s, chart);
	sa.len = 0;
	assert_true(show_json(&sa, "a@h", "s", 0, &s) && stralloc_0(&sa));
	assert_string_equal(sa.s, json);
	stralloc_free(&sa);
	stralloc_free(&s.data);
}

static void nothing_known(void **state)
{
	stralloc sa = STRALLOC_ZERO;
	steps s = STEPS_ZERO;

	(void)state;
	assert_true(show_text(&sa, "", &s) && stralloc_0(&sa));
	assert_string_equal(sa.s, "\n  result         unknown: \n");
	sa.len = 0;
	assert_true(show_json(&sa, "", "", 111, &s) && stralloc_0(&sa));
	assert_string_equal(sa.s, "{\"address\":\"\",\"sender\":\"\",\"result\":\"unknown\",\"reason\":\"\",\"exit\":111,\"environment\":{},\"steps\":[]}");
	stralloc_free(&sa);
}

int main(void)
{
	static struct CMUnitTest const tests[] = { cmocka_unit_test(bytes), cmocka_unit_test(forms), cmocka_unit_test(nothing_known) };

	return cmocka_run_group_tests(tests, 0, 0);
}
