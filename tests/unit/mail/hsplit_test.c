/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "mail/hsplit.h"

enum { MAX = 40 };

/* Fields are joined with a bar; what ended the header stands behind another. */
static struct row
{
	char const *in;
	char const *fields;
	char const *line;
	size_t used;            /* of in, as the header ends; 0: it does not */
} const rows[] = {
	{ "", "", "", 0 },
	{ "\n", "", "\n", 1 },
	{ "\nb\n", "", "\n", 1 },
	{ "a: b\n\nbody\n", "a: b\n|", "\n", 6 },
	{ "a: b\nc: d\n", "a: b\n|c: d\n|", "", 0 },
	{ "a: b", "a: b\n|", "", 0 },
	{ "a: b\n c\n\td\ne:\n", "a: b\n c\n\td\n|e:\n|", "", 0 },
	{ "a: b\n ", "a: b\n \n|", "", 0 },
	{ "a: b\n \n\nx", "a: b\n \n|", "\n", 8 },
	{ " a: b\n", "", " a: b\n", 6 },
	{ "body\na: b\n", "", "body\n", 5 },
	{ "a: b\nno field\nc: d\n", "a: b\n|", "no field\n", 14 },
	{ "From x\na: b\n\n", "From x\n|a: b\n|", "\n", 13 },
	{ "a b: c\n", "", "a b: c\n", 7 },
	{ ": c\n", "", ": c\n", 4 },
	{ "body", "", "body\n", 4 },
	{ "a: 34567890123456789012345678901234567\n\n", "a: 34567890123456789012345678901234567\n|", "\n", 40 },
	{ "a: 345678901234567890123456789012345678\nb:\n\n", "a: 345678901234567890123456789012345678\n|b:\n|", "\n", 44 },
	{ "a: 3456789012345678901234567890123456789\nb:\n\n", "a: 3456789012345678901234567890123456789|b:\n|", "\n", 45 },
	{ "a: 345678901234567890123456789\n 3456789012345678901234567890\nb:\n\n",
		"a: 345678901234567890123456789\n 34567890|b:\n|", "\n", 65 },
};

static int take(void *data, char const *s, size_t n)
{
	stralloc *sa = data;

	assert_true(n <= MAX);
	return stralloc_catb(sa, s, n) && stralloc_append(sa, '|');
}

/* Fed a copy of each piece, so that a byte read too far is seen. */
static void split(struct row const *c, size_t cut, size_t step)
{
	hsplit h = HSPLIT_INIT(MAX);
	stralloc fields = STRALLOC_ZERO;
	size_t n = strlen(c->in);
	size_t i = 0;

	while (i < n && !h.body) {
		size_t m = i < cut ? cut - i : n - i;
		char *piece;
		ssize_t used;

		if (m > step)
			m = step;
		piece = malloc(m);
		assert_non_null(piece);
		memcpy(piece, c->in + i, m);
		used = hsplit_feed(&h, piece, m, take, &fields);
		free(piece);
		assert_true(used >= 0 && (h.body || (size_t)used == m));
		i += (size_t)used;
	}
	assert_true(hsplit_end(&h, take, &fields));
	assert_int_equal(h.body, c->used > 0);
	assert_int_equal(i, c->used ? c->used : n);
	assert_int_equal(fields.len, strlen(c->fields));
	if (fields.len)
		assert_memory_equal(fields.s, c->fields, fields.len);
	assert_int_equal(h.line.len, strlen(c->line));
	if (h.line.len)
		assert_memory_equal(h.line.s, c->line, h.line.len);
	hsplit_free(&h);
	stralloc_free(&fields);
}

static void table(void **state)
{
	struct row const *c;
	size_t cut;

	(void)state;
	UNIT_EACH (c, rows) {
		for (cut = 0; cut <= strlen(c->in); cut++)
			split(c, cut, strlen(c->in) + 1);
		split(c, 0, 1);
	}
}

static int stop(void *data, char const *s, size_t n)
{
	(void)s;
	(void)n;
	++*(int *)data;
	return 0;
}

static void taker_stops(void **state)
{
	hsplit h = HSPLIT_INIT(MAX);
	int calls = 0;

	(void)state;
	assert_int_equal(hsplit_feed(&h, "a: b\nc: d\ne: f\n", 15, stop, &calls), -1);
	assert_int_equal(calls, 1);
	hsplit_free(&h);
	h = (hsplit)HSPLIT_INIT(MAX);
	assert_int_equal(hsplit_feed(&h, "a: b\n", 5, stop, &calls), 5);
	assert_false(hsplit_end(&h, stop, &calls));
	hsplit_free(&h);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(taker_stops),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
