/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>

#include "base/heap.h"

static void empty(void **state)
{
	heap h = HEAP_ZERO;

	(void)state;
	assert_null(heap_min(&h));
	heap_remove(&h);
	heap_all(&h, 5);
	heap_shift(&h, 5);
	assert_null(heap_min(&h));
	heap_free(&h);
}

static void comes_out_in_order(void **state)
{
	static int64_t const times[] = { 5, 3, 9, 3, INT64_MAX, -7, 0, 5, INT64_MIN, 1 };
	static int64_t const sorted[] = { INT64_MIN, -7, 0, 1, 3, 3, 5, 5, 9, INT64_MAX };
	heap h = HEAP_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < 10; i++)
		assert_int_equal(heap_insert(&h, times[i], i), 1);
	for (i = 0; i < 10; i++) {
		heap_entry const *e = heap_min(&h);

		assert_int_equal(e->when, sorted[i]);
		assert_int_equal(times[e->id], sorted[i]);
		heap_remove(&h);
	}
	assert_null(heap_min(&h));
	heap_free(&h);
}

static void first_of_two_equals_comes_first(void **state)
{
	heap h = HEAP_ZERO;

	(void)state;
	heap_insert(&h, 4, 1);
	heap_insert(&h, 4, 2);
	assert_int_equal(heap_min(&h)->id, 1);
	heap_remove(&h);
	assert_int_equal(heap_min(&h)->id, 2);
	heap_free(&h);
}

static void many_in_and_out(void **state)
{
	enum { N = 20000 };
	heap h = HEAP_ZERO;
	int64_t last = INT64_MIN;
	unsigned int seed = 1;
	size_t peak;
	size_t i;

	(void)state;
	for (i = 0; i < N; i++) {
		seed = seed * 1103515245 + 12345;
		assert_int_equal(heap_insert(&h, (int64_t)(seed >> 8), i), 1);
	}
	assert_int_equal(h.n, N);
	peak = h.room;
	for (i = 0; i < N; i++) {
		assert_true(heap_min(&h)->when >= last);
		last = heap_min(&h)->when;
		heap_remove(&h);
	}
	assert_int_equal(h.n, 0);
	assert_true(h.room < peak / 10);        /* the memory of a burst goes back */
	heap_free(&h);
}

static void all_due_at_once(void **state)
{
	heap h = HEAP_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < 100; i++)
		heap_insert(&h, (int64_t)(100 - i), i);
	heap_all(&h, 7);
	heap_shift(&h, -10);
	for (i = 0; i < 100; i++) {
		assert_int_equal(heap_min(&h)->when, -3);
		heap_remove(&h);
	}
	heap_free(&h);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(comes_out_in_order),
		cmocka_unit_test(first_of_two_equals_comes_first),
		cmocka_unit_test(many_in_and_out),
		cmocka_unit_test(all_due_at_once),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
