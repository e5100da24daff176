/* SPDX-License-Identifier: ISC */

#include "domain/lines.h"

#include "unit.h"

#include <string.h>

typedef struct find_row
{
	char const *name;
	lines_kind kind;
	char const *text;
	char const *wanted;
	size_t number;          /* 0: not there */
	char const *line;
} find_row;

#define ASSIGN "+a.org-:john:1:2:/h/a.org:-::\n=a.org-:x:1:2:/h:::\n+A.org-:second:1:2:/h:-::\n.\n" \
	"+b.org-:u:1:2:/h:-::\n"

static void find(void **state)
{
	static find_row const rows[] =
	{
		{ "nothing in nothing", LINES_LIST, "", "a.org", 0, 0 },
		{ "a line", LINES_LIST, "x\na.org\ny\n", "a.org", 2, "a.org" },
		{ "case, blanks, no newline", LINES_LIST, "x\nA.Org \t", "a.oRG", 2, "A.Org" },
		{ "a comment", LINES_LIST, "#a.org\n", "#a.org", 0, 0 },
		{ "a longer name", LINES_LIST, "a.org.x\nxa.org\n", "a.org", 0, 0 },
		{ "a blank in front is part of it", LINES_LIST, " a.org\n", "a.org", 0, 0 },
		{ "the last of a map", LINES_MAP, "a.org:x\nb:y\nA.org:z\n", "a.org", 3, "A.org:z" },
		{ "no colon", LINES_MAP, "a.org\n", "a.org", 0, 0 },
		{ "an address is another key", LINES_MAP, "x@a.org:x\n", "a.org", 0, 0 },
		{ "a suffix is another key", LINES_MAP, ".a.org:x\n", "a.org", 0, 0 },
		{ "empty value", LINES_MAP, "a.org:", "a.org", 1, "a.org:" },
		{ "a comment in a map", LINES_MAP, "#a.org:x\n", "#a.org", 0, 0 },
		{ "the first of assign", LINES_ASSIGN, ASSIGN, "A.ORG", 1, "+a.org-:john:1:2:/h/a.org:-::" },
		{ "behind the end", LINES_ASSIGN, ASSIGN, "b.org", 0, 0 },
		{ "too short for assign", LINES_ASSIGN, "+a.org-:john:1:2:/h:-:\n", "a.org", 0, 0 },
		{ "without its dash", LINES_ASSIGN, "+a.org:john:1:2:/h:-::\n", "a.org", 0, 0 },
	};
	find_row const *c;

	(void)state;
	UNIT_EACH(c, rows) {
		lines_found f;

		if (lines_find(&f, c->kind, c->text, strlen(c->text), c->wanted) != (c->number > 0) || f.number != c->number
		 || (c->number && (f.length != strlen(c->line) || memcmp(f.line, c->line, f.length) != 0)))
			fail_msg("%s", c->name);
	}
}

typedef struct change_row
{
	char const *name;
	int adding;
	lines_kind kind;
	char const *before;
	char const *what;
	char const *after;
} change_row;

static void change(void **state)
{
	static change_row const rows[] =
	{
		{ "into nothing", 1, LINES_LIST, "", "a", "a\n" },
		{ "to the end", 1, LINES_LIST, "# c\n\nx\n", "a", "# c\n\nx\na\n" },
		{ "no final newline", 1, LINES_LIST, "x", "a", "x\na\n" },
		{ "CR stays", 1, LINES_MAP, "x:y\r\n", "a:b", "x:y\r\na:b\n" },
		{ "assign from nothing", 1, LINES_ASSIGN, "", "+a-:u:1:2:/h:-::", "+a-:u:1:2:/h:-::\n.\n" },
		{ "before the dot", 1, LINES_ASSIGN, "=x:u:1:2:/h:::\n.\nmore", "+a-:u:1:2:/h:-::",
			"=x:u:1:2:/h:::\n+a-:u:1:2:/h:-::\n.\nmore" },
		{ "a dot without newline", 1, LINES_ASSIGN, ".", "+a-:u:1:2:/h:-::", "+a-:u:1:2:/h:-::\n." },
		{ "every line of the name goes", 0, LINES_LIST, "a\n#a\nx\nA \nb", "a", "#a\nx\nb" },
		{ "the last line", 0, LINES_LIST, "x\na", "a", "x\n" },
		{ "not there", 0, LINES_LIST, "x\ny", "a", "x\ny" },
		{ "map", 0, LINES_MAP, "a:1\n.a:2\nx@a:3\nA:4\n", "a", ".a:2\nx@a:3\n" },
		{ "assign up to the dot", 0, LINES_ASSIGN, ASSIGN, "a.org",
			"=a.org-:x:1:2:/h:::\n.\n+b.org-:u:1:2:/h:-::\n" },
	};
	stralloc out = STRALLOC_ZERO;
	change_row const *c;

	(void)state;
	UNIT_EACH(c, rows) {
		int ok = c->adding ? lines_add(&out, c->kind, c->before, strlen(c->before), c->what, strlen(c->what))
			: lines_remove(&out, 0, c->kind, c->before, strlen(c->before), c->what);

		if (!ok || out.len != strlen(c->after) || memcmp(out.s, c->after, out.len) != 0)
			fail_msg("%s", c->name);
	}
	stralloc_free(&out);
}

/* What was put in comes out, and leaves what was there. */
static void back(void **state)
{
	static char const text[] = "# c\nx:y\n\n.z:w\r\n";
	stralloc with = STRALLOC_ZERO;
	stralloc without = STRALLOC_ZERO;
	size_t n;

	(void)state;
	for (n = 0; n < sizeof text; n++) {
		assert_true(lines_add(&with, LINES_MAP, text, n, "a.org:a.org", strlen("a.org:a.org")));
		assert_true(lines_remove(&without, 0, LINES_MAP, with.s, with.len, "A.ORG"));
		assert_true(without.len == n || (without.len == n + 1 && without.s[n] == '\n'));
		assert_memory_equal(without.s, text, n);
	}
	stralloc_free(&with);
	stralloc_free(&without);
}

/* What is taken out, with a NUL and a line without an end in it, is what makes the text whole again. */
static void gone(void **state)
{
	static char const text[] = "x:y\na:1\n\n.a:2\nA:2\0z\nb:\xff\na:3";
	stralloc out = STRALLOC_ZERO;
	stralloc taken = STRALLOC_ZERO;
	size_t n;

	(void)state;
	assert_true(lines_remove(&out, &taken, LINES_MAP, text, sizeof text - 1, "a"));
	assert_int_equal(taken.len, strlen("a:1") + 1 + strlen("A:2") + 1 + strlen("z") + 1 + strlen("a:3"));
	assert_memory_equal(taken.s, "a:1\nA:2\0z\na:3", taken.len);
	assert_true(lines_add(&out, LINES_MAP, "x:y", 3, taken.s, taken.len));
	assert_int_equal(out.len, 3 + 1 + taken.len + 1);
	assert_memory_equal(out.s + 4, taken.s, taken.len);
	for (n = 0; n < sizeof text; n++) {
		lines_found f;

		assert_true(lines_remove(&out, &taken, LINES_MAP, text, n, "a"));
		assert_true(out.len + taken.len <= n && out.len + taken.len + 1 >= n);
		assert_false(lines_find(&f, LINES_MAP, out.s, out.len, "a"));
	}
	stralloc_free(&out);
	stralloc_free(&taken);
}

static void entries(void **state)
{
	(void)state;
	assert_int_equal(lines_entries("", 0), 0);
	assert_int_equal(lines_entries("a", 1), 1);
	assert_int_equal(lines_entries("a\n\n \t\n#x\n b\n", 12), 2);
}

static void name(void **state)
{
	static char const *const good[] = { "a", "a.org", ".a.org", "A-b.C1", "xn--bcher-kva.example", "1.2",
		"_dmarc.a.org" };
	static char const *const bad[] = { "", ".", "..a", "a.", "a..b", "-a", "a-", "a-.b", "a.-b", "a b", "a:b", "a@b",
		"a/b", "a\n", "b\xc3\xbc.org", "*.a.org", "#a", "a\r" };
	char longest[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(lines_name(good[i]));
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(lines_name(bad[i]));
	for (i = 0; i < 255; i++)
		longest[i] = i % 64 == 63 ? '.' : 'a';
	longest[255] = 0;
	assert_false(lines_name(longest));
	longest[254] = 0;
	assert_false(lines_name(longest));
	longest[253] = 0;
	assert_true(lines_name(longest));
	memset(longest, 'a', 64);
	longest[64] = 0;
	assert_false(lines_name(longest));
	longest[63] = 0;
	assert_true(lines_name(longest));
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(find),
		cmocka_unit_test(change),
		cmocka_unit_test(back),
		cmocka_unit_test(gone),
		cmocka_unit_test(entries),
		cmocka_unit_test(name),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
