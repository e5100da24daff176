/* SPDX-License-Identifier: ISC */

#include "rspawn/keep.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/kept.h"

enum { NOW = 1000, ONE = 11, TWO = 22 };

static char host[] = "r@far.example";
static char *const recipients[] = { host, 0 };
static struct stat st;

/* Mail for a place comes often; the end that is then offered. */
static int often(char const *place, uint64_t now)
{
	int i;

	for (i = 0; i < KEEP_AFTER; i++) {
		assert_int_equal(keep_offer(place, now), -1);
		keep_started(ONE, place, &st);
	}
	return keep_offer(place, now);
}

static pid_t take(char const *place, struct stat const *program, uint64_t now)
{
	loop_job const job = { .message = 0, .output = 1, .sender = "s", .recipient = host, .at = 1, .recipients = recipients, .n = 1 };

	return keep_take(&job, place, program, now);
}

static void only_where_it_pays(void **state)
{
	int end;

	(void)state;
	end = often("a", NOW);
	assert_true(end >= 0);
	keep_started(0, "a", &st);
	close(end);
	assert_int_equal(keep_offer("b", NOW), -1);
	/* still often, and no longer */
	end = keep_offer("a", NOW + KEEP_OFTEN);
	assert_true(end >= 0);
	keep_started(0, "a", &st);
	close(end);
	assert_int_equal(keep_offer("a", NOW + 2 * KEEP_OFTEN + 1), -1);
	assert_int_equal(take("a", &st, NOW), 0);
}

static void one_that_stays(void **state)
{
	kept_request r = KEPT_REQUEST_ZERO;
	struct stat other;
	int end = often("c", NOW);

	(void)state;
	assert_true(end >= 0);
	keep_started(ONE, "c", &st);
	/* at work, and then done */
	assert_int_equal(take("c", &st, NOW), 0);
	assert_false(keep_stays(ONE));
	assert_true(kept_done_put(end));
	assert_false(keep_stays(TWO));
	assert_true(keep_stays(ONE));
	assert_false(keep_stays(ONE));
	assert_int_equal(take("d", &st, NOW), 0);
	assert_int_equal(take("c", &st, NOW), ONE);
	assert_true(kept_get(end, &r));
	assert_string_equal(r.args[0], "far.example");
	assert_string_equal(r.args[2], "r@far.example");
	close(r.message);
	close(r.output);
	/* at work again */
	assert_int_equal(take("c", &st, NOW), 0);
	assert_true(kept_done_put(end));
	assert_true(keep_stays(ONE));
	/* its program is another one by now: it gets nothing any more */
	other = st;
	other.st_ctim.tv_nsec++;
	assert_int_equal(take("c", &other, NOW), 0);
	assert_int_equal(take("c", &st, NOW), 0);
	assert_false(kept_get(end, &r));
	close(end);
	keep_gone(ONE);
	kept_free(&r);
}

static void one_that_goes(void **state)
{
	int end = often("e", NOW);

	(void)state;
	keep_started(TWO, "e", &st);
	assert_true(kept_done_put(end));
	assert_true(keep_stays(TWO));
	close(end);
	assert_int_equal(take("e", &st, NOW), 0);
	keep_gone(TWO);
	assert_false(keep_stays(TWO));

	end = keep_offer("e", NOW);
	keep_started(TWO, "e", &st);
	assert_true(kept_done_put(end));
	assert_true(keep_stays(TWO));
	keep_gone(TWO);
	assert_int_equal(take("e", &st, NOW), 0);
	close(end);
}

static void no_more_than_so_many(void **state)
{
	int ends[KEEP_MOST];
	int i;

	(void)state;
	ends[0] = often("f", NOW);
	for (i = 0; i < KEEP_MOST; i++) {
		if (i > 0)
			ends[i] = keep_offer("f", NOW);
		assert_true(ends[i] >= 0);
		keep_started(100 + i, "f", &st);
	}
	assert_int_equal(keep_offer("f", NOW), -1);
	keep_gone(103);
	i = keep_offer("f", NOW);
	assert_true(i >= 0);
	keep_started(0, "f", &st);
	close(i);
	for (i = 0; i < KEEP_MOST; i++) {
		keep_gone(100 + i);
		close(ends[i]);
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(only_where_it_pays),
		cmocka_unit_test(one_that_stays),
		cmocka_unit_test(one_that_goes),
		cmocka_unit_test(no_more_than_so_many),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
