/* SPDX-License-Identifier: ISC */

#include "proto/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static char const file[] = "Ta@b\0Dc\0\0T\0x\200\377\n\0T";
static struct { char const *s; size_t n; uint64_t offset; } const records[] = {
	{ "Ta@b", 4, 0 },
	{ "Dc", 2, 5 },
	{ "", 0, 8 },
	{ "T", 1, 9 },
	{ "x\200\377\n", 4, 11 },
};
enum { RECORDS = sizeof records / sizeof records[0], LENGTH = sizeof file - 1 };

/* A copy that ends where the block ends, so that a read beyond it is seen. */
static char *copy(char const *s, size_t n)
{
	char *block = malloc(n ? n : 1);

	memcpy(block, s, n);
	return block;
}

static void check(record_reader const *r, size_t i)
{
	assert_true(i < RECORDS);
	assert_int_equal(r->n, records[i].n);
	assert_memory_equal(r->s, records[i].s, r->n + 1);
	assert_int_equal(r->offset, records[i].offset);
	assert_int_equal(r->next, records[i].offset + records[i].n + 1);
}

static void feed(record_reader *r, char const *s, size_t n, size_t *i)
{
	char *block = copy(s, n);
	size_t pos = 0;

	while (record_next(r, block, n, &pos) == RECORD_READY)
		check(r, (*i)++);
	assert_int_equal(pos, n);
	free(block);
}

static void cut_at_every_two_places(void **state)
{
	size_t a, b;

	(void)state;
	for (a = 0; a <= LENGTH; a++)
		for (b = a; b <= LENGTH; b++) {
			record_reader r = RECORD_READER_ZERO;
			size_t i = 0;

			feed(&r, file, a, &i);
			feed(&r, file + a, b - a, &i);
			feed(&r, file + b, LENGTH - b, &i);
			assert_int_equal(i, RECORDS);
			assert_true(record_cut(&r));
			record_free(&r);
		}
}

static void every_prefix_knows_that_it_is_cut(void **state)
{
	size_t n;

	(void)state;
	for (n = 0; n <= LENGTH; n++) {
		record_reader r = RECORD_READER_ZERO;
		size_t i = 0;

		feed(&r, file, n, &i);
		assert_int_equal(record_cut(&r), n > 0 && file[n - 1] != 0);
		record_free(&r);
	}
}

static void limits(void **state)
{
	static struct { size_t n; int ok; } const cases[] = { { RECORD_MAX - 1, 1 }, { RECORD_MAX, 1 }, { RECORD_MAX + 1, 0 } };
	size_t i, step;

	(void)state;
	for (i = 0; i < 3; i++)
		for (step = 1; step <= 2; step++) {
			record_reader r = RECORD_READER_ZERO;
			char *s = malloc(cases[i].n + 1);
			size_t pos = 0;
			record_status st = RECORD_MORE;

			memset(s, 'x', cases[i].n);
			s[cases[i].n] = 0;
			if (step == 2)
				st = record_next(&r, s, RECORD_MAX / 2, &pos);
			assert_int_equal(st, RECORD_MORE);
			st = record_next(&r, s, cases[i].n + 1, &pos);
			assert_int_equal(st, cases[i].ok ? RECORD_READY : RECORD_LONG);
			record_free(&r);
			free(s);
		}
}

static void rewind_starts_anew(void **state)
{
	record_reader r = RECORD_READER_ZERO;
	size_t pos = 0;

	(void)state;
	assert_int_equal(record_next(&r, "Tunfin", 6, &pos), RECORD_MORE);
	record_rewind(&r, 1000);
	assert_false(record_cut(&r));
	pos = 0;
	assert_int_equal(record_next(&r, "Tx", 3, &pos), RECORD_READY);
	assert_int_equal(r.offset, 1000);
	assert_int_equal(r.next, 1003);
	record_free(&r);
}

static void put_refuses_what_a_reader_would_not_take(void **state)
{
	stralloc sa = STRALLOC_ZERO;
	char *s = malloc(RECORD_MAX);

	(void)state;
	memset(s, 'x', RECORD_MAX);
	assert_true(record_put(&sa, 'T', "", 0));
	assert_true(record_put(&sa, 'D', "a\377", 2));
	assert_int_equal(sa.len, 6);
	assert_memory_equal(sa.s, "T\0Da\377", 6);
	assert_false(record_put(&sa, 'T', "a\0b", 3));
	assert_int_equal(errno, EINVAL);
	assert_false(record_put(&sa, 'T', s, RECORD_MAX));
	assert_int_equal(errno, EMSGSIZE);
	assert_int_equal(sa.len, 6);
	assert_true(record_put(&sa, 'T', s, RECORD_MAX - 1));
	assert_int_equal(sa.len, 6 + RECORD_MAX + 1);
	free(s);
	stralloc_free(&sa);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(cut_at_every_two_places),
		cmocka_unit_test(every_prefix_knows_that_it_is_cut),
		cmocka_unit_test(limits),
		cmocka_unit_test(rewind_starts_anew),
		cmocka_unit_test(put_refuses_what_a_reader_would_not_take),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
