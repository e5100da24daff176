/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mail/addrlist.h"

static void leave(addrlist_address *a, void const *rules)
{
	(void)a;
	(void)rules;
}

static int collect(void *data, addrlist_address const *a)
{
	stralloc *sa = data;

	return addrlist_text(sa, a) && stralloc_append(sa, '|');
}

typedef struct field
{
	char const *name;
	char const *in;
	token822_status status;
	char const *found;      /* addresses, from the right */
	char const *out;
} field;

static field const fields[] = {
	{ "none", "T:", TOKEN822_OK, "", "T:\n" },
	{ "one", "T:a@b", TOKEN822_OK, "a@b|", "T: a@b\n" },
	{ "two", "T: a, b", TOKEN822_OK, "b|a|", "T: a, b\n" },
	{ "commas", "T: ,a,,b,", TOKEN822_OK, "b|a|", "T: , a, , b,\n" },
	{ "no commas", "T: a b@c d", TOKEN822_OK, "d|b@c|a|", "T: a, b@c, d\n" },
	{ "angle", "T: J. Doe <a@b>", TOKEN822_OK, "a@b|", "T: J. Doe <a@b>\n" },
	{ "dots of a phrase", "T: J.R. . Doe at @ home@x <a . b @ c>", TOKEN822_OK, "a.b@c|",
		"T: J.R. . Doe at @ home@x <a.b@c>\n" },
	{ "a folded phrase", "T: J.\n Doe <a@b>", TOKEN822_OK, "a@b|", "T: J. Doe <a@b>\n" },
	{ "dots of an address", "T: a . b @ c . d", TOKEN822_OK, "a.b@c.d|", "T: a.b@c.d\n" },
	{ "dot of a group's name", "T: g. h: a;", TOKEN822_OK, "a|", "T: g. h: a;\n" },
	{ "empty angle", "T: <>", TOKEN822_OK, "|", "T: <>\n" },
	{ "angle, then word", "T: a <b> c", TOKEN822_OK, "c|b|", "T: a <b>, c\n" },
	{ "literal is no phrase", "T: [x] <b>", TOKEN822_OK, "b|[x]|", "T: [x] <b>\n" },
	{ "angles", "T: <a> <b>", TOKEN822_OK, "b|a|", "T: <a> <b>\n" },
	{ "comments move", "T: (1) a (2) @ (3) b (4), c", TOKEN822_OK, "c|a@b|", "T: a@b (1) (2) (3) (4), c\n" },
	{ "comment before word", "T: a (c) b", TOKEN822_OK, "b|a|", "T: a, b (c)\n" },
	{ "comments stay in angles", "T: <a(c)@b>", TOKEN822_OK, "a@b|", "T: <a (c)@b>\n" },
	{ "group", "T: g h: a, b <c>;, d", TOKEN822_OK, "d|c|a|", "T: g h: a, b <c>;, d\n" },
	{ "word behind group", "T: g: a; b", TOKEN822_OK, "b|a|", "T: g: a;, b\n" },
	{ "empty group", "T: nobody:;", TOKEN822_OK, "", "T: nobody: ;\n" },
	{ "what is before the comma in front of a group", "T: x, y: z;", TOKEN822_OK, "z|x|", "T: x, y: z;\n" },
	{ "open angle", "T: <a@b", TOKEN822_BAD, "", 0 },
	{ "open angle before others", "T: <a@b, c", TOKEN822_BAD, "c|", 0 },
	{ "double angles", "T: <<a>>", TOKEN822_BAD, "", 0 },
	{ "angle too many", "T: <<a>", TOKEN822_BAD, "a|", 0 },
	{ "comma in angles", "T: <a,b>", TOKEN822_OK, "a,b|", "T: <a, b>\n" },
	{ "quotes", "T: \"a b\"@c", TOKEN822_OK, "a b@c|", "T: \"a b\"@c\n" },
	{ "escapes", "T: \"[\\\"]\" <a\\\\b>", TOKEN822_OK, "a\\b|", "T: \"\\[\\\"\\]\" <\"a\\\\b\">\n" },
	{ "close angle only", "T: a@b>", TOKEN822_LOOSE, "a@b|", 0 },
	{ "close angle only, and a comment", "T: (c) a@b (d)>", TOKEN822_LOOSE, "a@b|", 0 },
	{ "close angle behind a list", "T: a, b>", TOKEN822_BAD, "", 0 },
	{ "close angle behind a phrase", "T: Ann a@b>", TOKEN822_BAD, "", 0 },
	{ "no semicolon", "T: a:b, c", TOKEN822_LOOSE, "c|b|", 0 },
	{ "no semicolon, nothing before it", "T: , (c), a:b", TOKEN822_LOOSE, "b|", 0 },
	{ "no semicolon, somebody before it", "T: a, b:c", TOKEN822_BAD, "c|", 0 },
	{ "no semicolon, a bracketed one before it", "T: <a>, b:c", TOKEN822_BAD, "c|", 0 },
	{ "a group whose name holds somebody", "T: <a> b:c;", TOKEN822_BAD, "c|", 0 },
	{ "no comma between groups", "T: a: b; c: d;", TOKEN822_BAD, "d|", 0 },
	{ "group in group", "T: a: b; c;, d", TOKEN822_BAD, "d|c|", 0 },
};

static void walk_and_print(void **state)
{
	field const *r;
	token822_list l = TOKEN822_LIST_ZERO;
	stralloc found = STRALLOC_ZERO;
	stralloc out = STRALLOC_ZERO;

	(void)state;
	UNIT_EACH(r, fields) {
		found.len = out.len = 0;
		assert_int_equal(token822_parse(&l, r->in, strlen(r->in)), TOKEN822_OK);
		if (addrlist_walk(&l, 2, leave, 0, collect, &found) != r->status)
			fail_msg("%s: status", r->name);
		assert_true(stralloc_0(&found));
		if (strcmp(found.s, r->found))
			fail_msg("%s: found %s", r->name, found.s);
		if (!r->out)
			continue;
		assert_int_equal(addrlist_print(&out, &l, 80, 1000, leave, 0), TOKEN822_OK);
		assert_true(stralloc_0(&out));
		if (strcmp(out.s, r->out))
			fail_msg("%s: printed %s", r->name, out.s);
	}
	stralloc_free(&found);
	stralloc_free(&out);
	token822_free(&l);
}

/* Cut at every byte: some status, no more; and what can be printed stays the same when read again. */
static void every_cut(void **state)
{
	static char const text[] =
		"To: \"Q \\\" R\" <q@[1.2\\]]>, g: (c (d)) a b.c@x , <>;\n (e)\\ f@g., \xe4 h@i+ <@j:k>, <<l>> , m:n";
	token822_list l = TOKEN822_LIST_ZERO;
	token822_list again = TOKEN822_LIST_ZERO;
	stralloc out = STRALLOC_ZERO;
	stralloc out2 = STRALLOC_ZERO;
	size_t n;

	(void)state;
	for (n = 0; n < sizeof text; n++) {
		char *exact = malloc(n ? n : 1);

		assert_non_null(exact);
		memcpy(exact, text, n);
		out.len = out2.len = 0;
		if (token822_parse(&l, exact, n) == TOKEN822_OK && addrlist_walk(&l, 2, leave, 0, 0, 0) == TOKEN822_OK) {
			assert_int_equal(addrlist_print(&out, &l, 80, 1000, leave, 0), TOKEN822_OK);
			if (token822_parse(&again, out.s, out.len) == TOKEN822_OK
			 && addrlist_walk(&again, 2, leave, 0, 0, 0) == TOKEN822_OK)
				assert_int_equal(addrlist_print(&out2, &again, 80, 1000, leave, 0), TOKEN822_OK);
		}
		free(exact);
	}
	stralloc_free(&out);
	stralloc_free(&out2);
	token822_free(&l);
	token822_free(&again);
}

static int is_one_field(stralloc const *sa)
{
	size_t i;

	for (i = 0; i + 1 < sa->len; i++)
		if (sa->s[i] == '\n' && sa->s[i + 1] != ' ' && sa->s[i + 1] != '\t')
			return 0;
	return sa->s[i] == '\n';
}

/* Fields put together from pieces at random: whatever is found good is, printed, a field with the same addresses. */
static void printed_means_the_same(void **state)
{
	static char const *const pieces[] = { "a", "b.c", "@", ".", ",", " ", "<", ">", ":", ";", "(c)", "(a (b) \\) c)",
		"(f\n g)", "\"q r\"", "\"\"", "\"\n <x@y>\"", "[1.2]", "[\\]]", "\\ ", "\\,", "\\.", "\\\"", "\\+", "+",
		"\xe4", "a)", "\n ", "\r\n\t", "\"\\\n \"", "x@y, ", "J. D <x@y>", "g: x;" };
	enum { PIECES = sizeof pieces / sizeof pieces[0], ROUNDS = 30000, LENGTH = 9 };
	uint32_t seed = 1;
	unsigned int good = 0;
	token822_list l = TOKEN822_LIST_ZERO;
	stralloc in = STRALLOC_ZERO;
	stralloc out = STRALLOC_ZERO;
	stralloc found = STRALLOC_ZERO;
	stralloc again = STRALLOC_ZERO;
	unsigned int i, k;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		in.len = out.len = found.len = again.len = 0;
		assert_true(stralloc_cats(&in, "T: "));
		for (k = 0; k < LENGTH; k++) {
			seed = seed * 1664525 + 1013904223;
			assert_true(stralloc_cats(&in, pieces[(seed >> 16) % PIECES]));
		}
		if (token822_parse(&l, in.s, in.len) != TOKEN822_OK
		 || addrlist_walk(&l, 2, leave, 0, collect, &found) != TOKEN822_OK)
			continue;
		good++;
		assert_int_equal(addrlist_print(&out, &l, 80, 1000, leave, 0), TOKEN822_OK);
		if (!is_one_field(&out) || token822_parse(&l, out.s, out.len) != TOKEN822_OK
		 || addrlist_walk(&l, 2, leave, 0, collect, &again) != TOKEN822_OK || again.len != found.len || (found.len && memcmp(again.s, found.s, found.len) != 0))
			fail_msg("%.*s\nbecame\n%.*s", (int)in.len, in.s, (int)out.len, out.s);
	}
	assert_true(good > ROUNDS / 20);
	stralloc_free(&in);
	stralloc_free(&out);
	stralloc_free(&found);
	stralloc_free(&again);
	token822_free(&l);
}

/* Print n addresses of the given width, and look at the lines. */
static void folds(void **state)
{
	static struct row { size_t width; size_t n; char const *want; } const rows[] = {
		{ 80, 2, "T: aaaaaaaa, aaaaaaaa\n" },
		/* a line and its comma, and two more, fit into the width */
		{ 23, 2, "T: aaaaaaaa, aaaaaaaa\n" },
		{ 22, 2, "T: aaaaaaaa,\n  aaaaaaaa\n" },
		{ 22, 3, "T: aaaaaaaa,\n  aaaaaaaa, aaaaaaaa\n" },
		{ 21, 3, "T: aaaaaaaa,\n  aaaaaaaa,\n  aaaaaaaa\n" },
		{ 32, 3, "T: aaaaaaaa, aaaaaaaa,\n  aaaaaaaa\n" },
		{ 33, 3, "T: aaaaaaaa, aaaaaaaa, aaaaaaaa\n" },
		{ 5, 2, "T: aaaaaaaa,\n  aaaaaaaa\n" },
	};
	struct row const *r;
	token822_list l = TOKEN822_LIST_ZERO;
	stralloc in = STRALLOC_ZERO;
	stralloc out = STRALLOC_ZERO;
	size_t i;

	(void)state;
	UNIT_EACH(r, rows) {
		in.len = out.len = 0;
		assert_true(stralloc_cats(&in, "T:"));
		for (i = 0; i < r->n; i++)
			assert_true(stralloc_cats(&in, i ? ",aaaaaaaa" : "aaaaaaaa"));
		assert_int_equal(token822_parse(&l, in.s, in.len), TOKEN822_OK);
		assert_int_equal(addrlist_walk(&l, 2, leave, 0, 0, 0), TOKEN822_OK);
		assert_int_equal(addrlist_print(&out, &l, r->width, 1000, leave, 0), TOKEN822_OK);
		assert_true(stralloc_0(&out));
		assert_string_equal(out.s, r->want);
	}
	stralloc_free(&in);
	stralloc_free(&out);
	token822_free(&l);
}

static void too_long(void **state)
{
	static char const text[] = "T: aaaaaaaa, aaaaaaaa, aaaaaaaa";
	token822_list l = TOKEN822_LIST_ZERO;
	stralloc out = STRALLOC_ZERO;

	(void)state;
	assert_int_equal(token822_parse(&l, text, sizeof text - 1), TOKEN822_OK);
	assert_int_equal(addrlist_walk(&l, 2, leave, 0, 0, 0), TOKEN822_OK);
	assert_int_equal(addrlist_print(&out, &l, 80, 15, leave, 0), TOKEN822_LONG);
	out.len = 0;
	assert_int_equal(addrlist_print(&out, &l, 80, sizeof text, leave, 0), TOKEN822_OK);
	stralloc_free(&out);
	token822_free(&l);
}

static int refuse(void *data, addrlist_address const *a)
{
	(void)a;
	return --*(int *)data >= 0 || (errno = ENOMEM, 0);
}

static void taker_stops(void **state)
{
	static char const text[] = "T: a, b, c";
	token822_list l = TOKEN822_LIST_ZERO;
	int left;

	(void)state;
	for (left = 0; left < 3; left++) {
		int n = left;

		assert_int_equal(token822_parse(&l, text, sizeof text - 1), TOKEN822_OK);
		assert_int_equal(addrlist_walk(&l, 2, leave, 0, refuse, &n), TOKEN822_FAILED);
	}
	assert_int_equal(token822_parse(&l, text, sizeof text - 1), TOKEN822_OK);
	assert_int_equal(addrlist_walk(&l, 2, leave, 0, refuse, &left), TOKEN822_OK);
	token822_free(&l);
}

/* 100,000 of each of these inside each other: no recursion, no time. */
static void nesting(void **state)
{
	enum { DEPTH = 100000 };
	static struct row { char const *open; char const *close; token822_status parsed; } const rows[] = {
		{ "(", ")", TOKEN822_OK },
		{ "(", "", TOKEN822_BAD },
		{ "<", ">", TOKEN822_OK },
		{ "<", "", TOKEN822_OK },
		{ ">", "", TOKEN822_OK },
		{ "a:", ";", TOKEN822_OK },
		{ "<(", ")>", TOKEN822_OK },
		{ "@", ":", TOKEN822_OK },
		{ "\\", "", TOKEN822_OK },
	};
	struct row const *r;
	token822_list l = TOKEN822_LIST_ZERO;
	stralloc in = STRALLOC_ZERO;
	stralloc out = STRALLOC_ZERO;
	int i;

	(void)state;
	UNIT_EACH(r, rows) {
		in.len = out.len = 0;
		assert_true(stralloc_cats(&in, "T:"));
		for (i = 0; i < DEPTH; i++)
			assert_true(stralloc_cats(&in, r->open));
		assert_true(stralloc_cats(&in, "x"));
		for (i = 0; i < DEPTH; i++)
			assert_true(stralloc_cats(&in, r->close));
		assert_int_equal(token822_parse(&l, in.s, in.len), r->parsed);
		if (r->parsed == TOKEN822_OK && addrlist_walk(&l, 2, leave, 0, collect, &out) == TOKEN822_OK) {
			out.len = 0;
			assert_int_equal(addrlist_print(&out, &l, 80, 10 * DEPTH, leave, 0), TOKEN822_OK);
		}
	}
	stralloc_free(&in);
	stralloc_free(&out);
	token822_free(&l);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(walk_and_print),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(printed_means_the_same),
		cmocka_unit_test(folds),
		cmocka_unit_test(too_long),
		cmocka_unit_test(taker_stops),
		cmocka_unit_test(nesting),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
