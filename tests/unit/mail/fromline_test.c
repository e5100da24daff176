/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "mail/fromline.h"

static struct row
{
	char const *in;
	size_t n;
	char const *want;
} const rows[] = {
#define ROW(in, want) { in, sizeof in - 1, want }
	ROW("", ""),
	ROW("\n", "\n"),
	ROW("a", "a\n"),
	ROW("a\n", "a\n"),
	ROW("From ", ">From \n"),
	ROW("From", "From\n"),
	ROW("From x\n", ">From x\n"),
	ROW("from x\n", "from x\n"),
	ROW("From\tx\n", "From\tx\n"),
	ROW("FFrom x\n", "FFrom x\n"),
	ROW("FroFrom x\n", "FroFrom x\n"),
	ROW(">From x\n>>>From y\n", ">>From x\n>>>>From y\n"),
	ROW(">", ">\n"),
	ROW(">>F", ">>F\n"),
	ROW(">>Fro\nm From \n", ">>Fro\nm From \n"),
	ROW("F>From x\n", "F>From x\n"),
	ROW("a From x\n", "a From x\n"),
	ROW("a\nFrom x\nFrom y", "a\n>From x\n>From y\n"),
	ROW("\nFrom \nFrom \n", "\n>From \n>From \n"),
	ROW("a\rFrom b\n", "a\rFrom b\n"),
	ROW("From \r\n", ">From \r\n"),
	ROW("\xff\n> From x\n", "\xff\n> From x\n"),
#undef ROW
};

/* In one piece, byte by byte, and cut in two at every place: always the same, and within the room. */
static void feed(struct row const *c, size_t cut, size_t step)
{
	fromline f = FROMLINE_ZERO;
	char out[256];
	size_t n = 0;
	size_t i = 0;

	while (i < c->n) {
		size_t m = i < cut ? cut - i : c->n - i;
		char *piece;
		char *room;
		size_t made;

		if (m > step)
			m = step;
		piece = malloc(m);
		room = malloc(FROMLINE_ROOM(m));
		assert_non_null(piece);
		assert_non_null(room);
		memcpy(piece, c->in + i, m);
		made = fromline_feed(&f, room, piece, m);
		assert_true(made <= FROMLINE_ROOM(m));
		memcpy(out + n, room, made);
		n += made;
		i += m;
		free(piece);
		free(room);
	}
	n += fromline_end(&f, out + n);
	assert_int_equal(n, strlen(c->want));
	assert_memory_equal(out, c->want, n);
}

static void table(void **state)
{
	struct row const *c;
	size_t cut;

	(void)state;
	UNIT_EACH (c, rows) {
		for (cut = 0; cut <= c->n; cut++)
			feed(c, cut, c->n + 1);
		feed(c, 0, 1);
	}
}

static void nul_passes(void **state)
{
	fromline f = FROMLINE_ZERO;
	char out[32];

	(void)state;
	assert_int_equal(fromline_feed(&f, out, "\0From x\n\0", 9), 9);
	assert_memory_equal(out, "\0From x\n\0", 9);
	assert_int_equal(fromline_end(&f, out), 1);
}

/* The shortest lines that gain a byte, one after another. */
static void fullest_block(void **state)
{
	fromline f = FROMLINE_ZERO;
	static char in[60];
	static char out[FROMLINE_ROOM(sizeof in)];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof in; i += 6)
		memcpy(in + i, "From \n", 6);
	assert_int_equal(fromline_feed(&f, out, in, sizeof in), sizeof in + sizeof in / 6);
}

static void senders(void **state)
{
	static struct { char const *first; char const *line; } const cases[] = {
		{ "Return-Path: <a@b>\nx", "From a@b Thu Jan 01 00:00:00 1970\n" },
		{ "Return-Path: <>\n", "From MAILER-DAEMON Thu Jan 01 00:00:00 1970\n" },
		{ "Return-Path: <\"a b\tc\"@d>\n", "From \"a-b-c\"@d Thu Jan 01 00:00:00 1970\n" },
		{ "Return-Path: <\"a>b\"@d>\n", "From \"a>b\"@d Thu Jan 01 00:00:00 1970\n" },
		{ "Return-Path: <a@b", "From XXX Thu Jan 01 00:00:00 1970\n" },
		{ "Return-Path: <a@b\n>", "From XXX Thu Jan 01 00:00:00 1970\n" },
		{ "Return-Path: a@b\n", "From XXX Thu Jan 01 00:00:00 1970\n" },
		{ "return-path: <a@b>\n", "From XXX Thu Jan 01 00:00:00 1970\n" },
		{ "Return-Path: <", "From XXX Thu Jan 01 00:00:00 1970\n" },
		{ "Subject: x\nReturn-Path: <a@b>\n", "From XXX Thu Jan 01 00:00:00 1970\n" },
		{ "", "From XXX Thu Jan 01 00:00:00 1970\n" },
	};
	stralloc sa = STRALLOC_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		sa.len = 0;
		assert_true(fromline_restore(&sa, cases[i].first, strlen(cases[i].first), 0));
		assert_int_equal(sa.len, strlen(cases[i].line));
		assert_memory_equal(sa.s, cases[i].line, sa.len);
	}
	stralloc_free(&sa);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(nul_passes),
		cmocka_unit_test(fullest_block),
		cmocka_unit_test(senders),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
