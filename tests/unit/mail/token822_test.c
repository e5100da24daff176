/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "mail/token822.h"

static char const kinds[] = { [TOKEN822_ATOM] = 'a', [TOKEN822_QUOTE] = '"', [TOKEN822_LITERAL] = '[',
	[TOKEN822_COMMENT] = '(', [TOKEN822_COMMA] = ',', [TOKEN822_AT] = '@', [TOKEN822_DOT] = '.',
	[TOKEN822_LEFT] = '<', [TOKEN822_RIGHT] = '>', [TOKEN822_SEMICOLON] = ';', [TOKEN822_COLON] = ':' };

/* Type and text of each token, a / behind each. */
static void show(stralloc *sa, token822_list const *l)
{
	size_t i;

	sa->len = 0;
	for (i = 0; i < l->count; i++) {
		assert_true(stralloc_append(sa, kinds[token822_at(l, i)]));
		if (strchr("a\"[(", kinds[token822_at(l, i)]))
			assert_true(token822_cat(sa, l, i));
		assert_true(stralloc_append(sa, '/'));
	}
	assert_true(stralloc_0(sa));
}

static void tokens(void **state)
{
	static struct row { char const *name; char const *text; char const *want; } const rows[] = {
		{ "empty", "", "" },
		{ "blanks", " \t\r\n", "" },
		{ "specials", ".,@<>:;", "./,/@/</>/:/;/" },
		{ "words", "a b-c", "aa/ab-c/" },
		{ "address", "To: joe@x.y", "aTo/:/ajoe/@/ax/./ay/" },
		{ "quoted", "\"a, b\"", "\"a, b/" },
		{ "quoted quote", "\"a\\\"b\\\\\"", "\"a\"b\\/" },
		{ "empty quotes", "\"\"x", "\"/ax/" },
		{ "literal", "[1.2]x", "[1.2/ax/" },
		{ "literal with [", "[[]", "[[/" },
		{ "comment", "(a (b) \\) c)", "(a b ) c/" },
		{ "nested, empty", "((()))", "(/" },
		{ "quote in comment", "(\")", "(\"/" },
		{ "backslash makes a word of it", "\\<a\\ b\\@c", "\"<a b@c/" },
		{ "backslash before a dot", "a\\.b", "aa.b/" },
		{ "backslash before what did not need it", "\\fred\\+\\(", "afred+(/" },
		{ "folded", "\"a\n b\r\n\tc\"", "\"a b\tc/" },
		{ "a backslash before the fold", "\"a\\\n b\"", "\"a\n b/" },
		{ "CR that ends no line", "\"a\rb\"", "\"a\rb/" },
		{ "backslash at the end", "a\\", "aa/" },
		{ "nothing but a backslash", "\\", "a/" },
		{ "ends of others inside an atom", "a)b]c", "\"a)b]c/" },
		{ "8-bit", "\xe4", "\"\xe4/" },
		{ "control", "a\x01", "\"a\x01/" },
		{ "DEL", "\x7f", "\"\x7f/" },
		{ "word at word", "a\"b\"(c)[d]e", "aa/\"b/(c/[d/ae/" },
	};
	struct row const *r;
	token822_list l = TOKEN822_LIST_ZERO;
	stralloc sa = STRALLOC_ZERO;

	(void)state;
	UNIT_EACH(r, rows) {
		assert_int_equal(token822_parse(&l, r->text, strlen(r->text)), TOKEN822_OK);
		show(&sa, &l);
		if (strcmp(sa.s, r->want))
			fail_msg("%s: %s", r->name, sa.s);
	}
	assert_int_equal(token822_parse(&l, "a\0b,", 4), TOKEN822_OK);
	assert_int_equal(l.count, 2);
	assert_int_equal(token822_at(&l, 0), TOKEN822_QUOTE);
	stralloc_free(&sa);
	token822_free(&l);
}

static void bad_tokens(void **state)
{
	static char const *const rows[] = { ")", "]", "a )", "(", "(a", "((a)", "(a\\)", "(\\", "\"", "\"a\\\"", "\"\\", "[", "[a\\]",
		"a (b", "x \"", "a, ]b", "a\\\n", "a\\\r\n", "\\\n b" };
	token822_list l = TOKEN822_LIST_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (token822_parse(&l, rows[i], strlen(rows[i])) != TOKEN822_BAD)
			fail_msg("%s", rows[i]);
		assert_int_equal(l.count, 0);
	}
	token822_free(&l);
}

static void ends(void **state)
{
	token822_list l = TOKEN822_LIST_ZERO;
	char const text[] = "a+ \"\" + a\\+ \"b+\" [] +a x\\";

	(void)state;
	assert_int_equal(token822_parse(&l, text, sizeof text - 1), TOKEN822_OK);
	assert_int_equal(l.count, 8);
	assert_true(token822_ends(&l, 0, '+'));
	assert_true(token822_empty(&l, 1));
	assert_false(token822_ends(&l, 1, '+'));
	assert_true(token822_ends(&l, 2, '+'));
	assert_true(token822_ends(&l, 3, '+'));
	assert_true(token822_ends(&l, 4, '+'));
	assert_true(token822_empty(&l, 5));
	assert_false(token822_ends(&l, 6, '+'));
	assert_true(token822_ends(&l, 7, 'x'));
	assert_false(token822_empty(&l, 7));
	token822_free(&l);
}

/* Printed, a word can be read again as the same word. */
static void printing(void **state)
{
	static struct row { char const *in; char const *want; } const rows[] = {
		{ "a", "a" },
		{ "a\\ b", "\"a b\"" },
		{ "a\\@b", "\"a@b\"" },
		{ "a\\,b\\<", "\"a,b<\"" },
		{ "a\\.b", "a.b" },
		{ "a\\\"b", "a\\\"b" },
		{ "a)", "\"a\\)\"" },
		{ "\"a\\\"b\\\\\"", "\"a\\\"b\\\\\"" },
		{ "\"\"", "\"\"" },
		{ "[1\\]2]", "[1\\]2]" },
		{ "(a(b)\\))", "(a(b)\\))" },
		{ "(a\r\n (b)\n\t\\\n c)", "(a\n (b)\n\t\\\n c)" },
		{ "\"a\n b\"", "\"a\n b\"" },
		{ "[1\n .2]", "[1\n .2]" },
		{ "<", "<" },
	};
	struct row const *r;
	token822_list l = TOKEN822_LIST_ZERO;
	stralloc sa = STRALLOC_ZERO;

	(void)state;
	UNIT_EACH(r, rows) {
		sa.len = 0;
		assert_int_equal(token822_parse(&l, r->in, strlen(r->in)), TOKEN822_OK);
		assert_int_equal(l.count, 1);
		assert_true(token822_print(&sa, &l, 0) && stralloc_0(&sa));
		assert_string_equal(sa.s, r->want);
	}
	sa.len = 0;
	assert_true(token822_escape(&sa, "\"[]()\\\r\n'\0", 10));
	assert_int_equal(sa.len, 18);
	assert_memory_equal(sa.s, "\\\"\\[\\]\\(\\)\\\\\\\r\\\n'\0", 18);
	stralloc_free(&sa);
	token822_free(&l);
}

static void too_long(void **state)
{
	token822_list l = TOKEN822_LIST_ZERO;
	char *big = calloc(1, (size_t)TOKEN822_MAX + 1);

	(void)state;
	assert_non_null(big);
	assert_int_equal(token822_parse(&l, big, (size_t)TOKEN822_MAX + 1), TOKEN822_LONG);
	assert_int_equal(token822_parse(&l, big, TOKEN822_MAX), TOKEN822_OK);
	assert_int_equal(l.count, 1);
	free(big);
	token822_free(&l);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(tokens),
		cmocka_unit_test(bad_tokens),
		cmocka_unit_test(ends),
		cmocka_unit_test(printing),
		cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
