/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "local/loop.h"

static char const line[] = "Delivered-To: foo@test.example\n";

static struct row
{
	char const *name;
	char const *in;
	size_t n;
	loop_status want;
} const rows[] = {
#define D "Delivered-To: foo@test.example"
#define ROW(name, in, want) { name, in, sizeof in - 1, want }
	ROW("empty", "", LOOP_MORE),
	ROW("first line", D "\n\nb\n", LOOP_FOUND),
	ROW("later line", "Received: x\n a\n" D "\n\n", LOOP_FOUND),
	ROW("after the header", "Subject: x\n\n" D "\n", LOOP_CLEAN),
	ROW("no header", "\n" D "\n", LOOP_CLEAN),
	ROW("no newline", D, LOOP_MORE),
	ROW("carriage return", D "\r\n\n", LOOP_CLEAN),
	ROW("longer", D "x\n\n", LOOP_CLEAN),
	ROW("shorter", "Delivered-To: foo@test.exampl\n\n", LOOP_CLEAN),
	ROW("case", "delivered-to: foo@test.example\n\n", LOOP_CLEAN),
	ROW("in front", " " D "\n\n", LOOP_CLEAN),
	ROW("twice in a line", D D "\n\n", LOOP_CLEAN),
	ROW("one byte lines", "a\nb\n" D "\n", LOOP_FOUND),
	ROW("NUL", "\0\n" D "\n", LOOP_FOUND),
	ROW("NUL in front", "\0" D "\n\n", LOOP_CLEAN),
#undef ROW
#undef D
};

static loop_status feed(struct row const *c, size_t cut, size_t step)
{
	loop l;
	size_t i = 0;

	loop_start(&l, line, sizeof line - 1);
	while (i < c->n) {
		size_t m = i < cut ? cut - i : c->n - i;
		loop_status s;

		if (m > step)
			m = step;
		s = loop_feed(&l, c->in + i, m);
		if (s != LOOP_MORE)
			return s;
		i += m;
	}
	return LOOP_MORE;
}

static void table(void **state)
{
	struct row const *c;
	size_t cut;

	(void)state;
	UNIT_EACH (c, rows) {
		print_message("%s\n", c->name);
		for (cut = 0; cut <= c->n; cut++)
			assert_int_equal(feed(c, cut, c->n + 1), c->want);
		assert_int_equal(feed(c, 0, 1), c->want);
	}
}

/* A header line that never ends costs no memory and is not taken for ours when the length comes round. */
static void endless_line(void **state)
{
	static char block[4096];
	loop l;
	unsigned int i;

	(void)state;
	memset(block, 'x', sizeof block);
	loop_start(&l, line, sizeof line - 1);
	for (i = 0; i < 1000; i++)
		assert_int_equal(loop_feed(&l, block, sizeof block), LOOP_MORE);
	assert_int_equal(loop_feed(&l, "\n", 1), LOOP_MORE);
	assert_int_equal(loop_feed(&l, line, sizeof line - 1), LOOP_FOUND);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(endless_line),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
