/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include "send/schedule.h"

enum { BIRTH = 1000000000, LIFETIME = 604800 };

/* Attempts come at (ck)^2 seconds after birth, whichever second of an interval the last one was made in. */
static void attempts(void **state)
{
	static int64_t const step[CHANNELS] = { 10, 20 };
	channel c;
	int64_t k;

	(void)state;
	for (c = CHANNEL_LOCAL; c <= CHANNEL_REMOTE; c++)
		for (k = 0; k < 100; k++) {
			int64_t at = step[c] * k * step[c] * k;
			int64_t next = step[c] * (k + 1) * step[c] * (k + 1);

			assert_int_equal(schedule_retry(BIRTH, BIRTH + at, c), BIRTH + next);
		}
}

static void between(void **state)
{
	static struct { int64_t age; int64_t local; int64_t remote; } const rows[] = {
		{ 0, 100, 400 }, { 1, 121, 441 }, { 3, 121, 441 }, { 4, 144, 484 }, { 30, 225, 625 }, { 99, 361, 841 },
		{ 110, 400, 900 }, { 420, 900, 1600 }, { 1055, 1764, 2704 }, { 2500, 3600, 4900 }, { 10100, 12100, 14400 },
		{ 40200, 44100, 48400 }, { 100170, 106276, 112896 }, { 250500, 260100, 270400 },
		{ -1, 100, 400 }, { -1000000000, 100, 400 },    /* born in the future: as if just born */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(schedule_retry(BIRTH, BIRTH + rows[i].age, CHANNEL_LOCAL), BIRTH + rows[i].local);
		assert_int_equal(schedule_retry(BIRTH, BIRTH + rows[i].age, CHANNEL_REMOTE), BIRTH + rows[i].remote);
	}
}

static void always_later(void **state)
{
	int64_t age;

	(void)state;
	for (age = 0; age < 1000000; age += 37) {
		assert_true(schedule_retry(BIRTH, BIRTH + age, CHANNEL_LOCAL) > BIRTH + age);
		assert_true(schedule_retry(BIRTH, BIRTH + age, CHANNEL_REMOTE) > BIRTH + age);
	}
	assert_true(schedule_retry(0, (int64_t)1 << 40, CHANNEL_LOCAL) > (int64_t)1 << 40);
}

static void whole_life(void **state)
{
	static int const want[CHANNELS] = { 78, 39 };
	channel c;

	(void)state;
	for (c = CHANNEL_LOCAL; c <= CHANNEL_REMOTE; c++) {
		int64_t t = BIRTH;
		int n = 0;

		for (; !schedule_dying(BIRTH, t, LIFETIME); t = schedule_retry(BIRTH, t, c))
			n++;
		assert_int_equal(n, want[c]);
		assert_int_equal(t, BIRTH + 608400);    /* both end with the same attempt */
	}
}

static void dying(void **state)
{
	(void)state;
	assert_false(schedule_dying(BIRTH, BIRTH + LIFETIME, LIFETIME));
	assert_true(schedule_dying(BIRTH, BIRTH + LIFETIME + 1, LIFETIME));
	assert_false(schedule_dying(BIRTH, BIRTH, 0));
	assert_true(schedule_dying(BIRTH, BIRTH + 1, 0));
	assert_false(schedule_dying(BIRTH, BIRTH + 4294967295, 4294967295u));
}

static void turns(void **state)
{
	schedule_age age;
	uint64_t id;
	int64_t when;

	(void)state;
	assert_int_equal(schedule_pass(CHANNEL_LOCAL, SCHEDULE_RETRY, 100, &id, &age), 0);
	assert_int_equal(schedule_pass_first(CHANNEL_LOCAL, SCHEDULE_RETRY, &when), 0);
	schedule_wait(CHANNEL_LOCAL, SCHEDULE_RETRY, 50, 7);
	schedule_wait(CHANNEL_LOCAL, SCHEDULE_RETRY, 40, 8);
	schedule_wait(CHANNEL_REMOTE, SCHEDULE_RETRY, 60, 7);
	assert_int_equal(schedule_pass_due(CHANNEL_LOCAL, SCHEDULE_RETRY, 39), 0);
	assert_int_equal(schedule_pass(CHANNEL_LOCAL, SCHEDULE_RETRY, 39, &id, &age), 0);
	assert_int_equal(schedule_pass_first(CHANNEL_LOCAL, SCHEDULE_RETRY, &when), 1);
	assert_int_equal(when, 40);
	assert_int_equal(schedule_pass_due(CHANNEL_LOCAL, SCHEDULE_RETRY, 40), 1);
	assert_int_equal(schedule_pass(CHANNEL_LOCAL, SCHEDULE_RETRY, 40, &id, &age), 1);
	assert_int_equal(id, 8);
	schedule_hurry(10);
	assert_int_equal(schedule_pass(CHANNEL_LOCAL, SCHEDULE_RETRY, 10, &id, &age), 1);
	assert_int_equal(id, 7);
	assert_int_equal(schedule_pass(CHANNEL_LOCAL, SCHEDULE_RETRY, 10, &id, &age), 0);
	assert_int_equal(schedule_drain(CHANNEL_REMOTE, &id, &when), 1);
	assert_int_equal(when, 10);
	assert_int_equal(schedule_drain(CHANNEL_REMOTE, &id, &when), 0);
}

/* New messages first, but the old ones are never left out. */
static void new_before_old(void **state)
{
	unsigned int old = 0;
	unsigned int i;
	schedule_age age;
	uint64_t id;
	int64_t when;

	(void)state;
	for (i = 0; i < 100; i++) {
		schedule_wait(CHANNEL_REMOTE, SCHEDULE_RETRY, i, 1000 + i);
		schedule_wait(CHANNEL_REMOTE, SCHEDULE_NEW, 500, i);
	}
	for (i = 0; i < 100; i++) {
		assert_int_equal(schedule_pass(CHANNEL_REMOTE, SCHEDULE_RETRY, 500, &id, &age), 1);
		old += id >= 1000;
		assert_int_equal(age, id >= 1000 ? SCHEDULE_RETRY : SCHEDULE_NEW);
		assert_true(i > 2 || id < 1000);
	}
	assert_int_equal(old, 25);
	schedule_wait(CHANNEL_REMOTE, SCHEDULE_NEW, 600, 3000);         /* not due: nothing is kept waiting for it */
	for (i = 0; i < 100; i++)
		assert_int_equal(schedule_pass(CHANNEL_REMOTE, SCHEDULE_RETRY, 500, &id, &age), 1);
	assert_int_equal(schedule_pass(CHANNEL_REMOTE, SCHEDULE_RETRY, 500, &id, &age), 0);
	assert_int_equal(schedule_drain(CHANNEL_REMOTE, &id, &when), 1);
	assert_int_equal(id, 3000);
}

static void lists(void **state)
{
	uint64_t id;
	int64_t when;

	(void)state;
	schedule_add(SCHEDULE_DONE, 99, 9);
	schedule_hurry(10);                             /* is not about these */
	assert_int_equal(schedule_first(SCHEDULE_DONE, &when), 1);
	assert_int_equal(when, 99);
	assert_int_equal(schedule_take(SCHEDULE_DONE, 98, &id), 0);
	assert_int_equal(schedule_take(SCHEDULE_UNSURE, 100, &id), 0);
	assert_int_equal(schedule_take(SCHEDULE_DONE, 99, &id), 1);
	assert_int_equal(id, 9);
	assert_int_equal(schedule_first(SCHEDULE_DONE, &when), 0);
}

static void set_back(void **state)
{
	schedule_age age;
	uint64_t id;
	int64_t when;

	(void)state;
	schedule_set_back(5);
	schedule_wait(CHANNEL_LOCAL, SCHEDULE_NEW, 1000, 1);
	schedule_wait(CHANNEL_LOCAL, SCHEDULE_RETRY, 1100, 2);
	schedule_add(SCHEDULE_UNSURE, 1200, 3);
	schedule_set_back(900);
	assert_int_equal(schedule_pass(CHANNEL_LOCAL, SCHEDULE_RETRY, 99, &id, &age), 0);
	assert_int_equal(schedule_pass(CHANNEL_LOCAL, SCHEDULE_RETRY, 100, &id, &age), 1);
	assert_int_equal(id, 1);
	assert_int_equal(schedule_pass_first(CHANNEL_LOCAL, SCHEDULE_RETRY, &when), 1);
	assert_int_equal(when, 200);
	assert_int_equal(schedule_pass(CHANNEL_LOCAL, SCHEDULE_RETRY, 200, &id, &age), 1);
	assert_int_equal(schedule_first(SCHEDULE_UNSURE, &when), 1);
	assert_int_equal(when, 300);
	assert_int_equal(schedule_take(SCHEDULE_UNSURE, 300, &id), 1);
}

/* Old ones have to stay where they are. */
static void new_only(void **state)
{
	schedule_age age;
	uint64_t id;
	int64_t when;

	(void)state;
	schedule_wait(CHANNEL_LOCAL, SCHEDULE_RETRY, 1, 7);
	assert_int_equal(schedule_pass_due(CHANNEL_LOCAL, SCHEDULE_NEW, 100), 0);
	assert_int_equal(schedule_pass_first(CHANNEL_LOCAL, SCHEDULE_NEW, &when), 0);
	assert_int_equal(schedule_pass(CHANNEL_LOCAL, SCHEDULE_NEW, 100, &id, &age), 0);
	schedule_wait(CHANNEL_LOCAL, SCHEDULE_NEW, 90, 8);
	assert_int_equal(schedule_pass_first(CHANNEL_LOCAL, SCHEDULE_NEW, &when), 1);
	assert_int_equal(when, 90);
	assert_int_equal(schedule_pass_due(CHANNEL_LOCAL, SCHEDULE_NEW, 89), 0);
	assert_int_equal(schedule_pass_due(CHANNEL_LOCAL, SCHEDULE_NEW, 90), 1);
	assert_int_equal(schedule_pass(CHANNEL_LOCAL, SCHEDULE_NEW, 90, &id, &age), 1);
	assert_int_equal(id, 8);
	assert_int_equal(age, SCHEDULE_NEW);
	assert_int_equal(schedule_pass(CHANNEL_LOCAL, SCHEDULE_RETRY, 90, &id, &age), 1);
	assert_int_equal(id, 7);
	assert_int_equal(age, SCHEDULE_RETRY);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(attempts),
		cmocka_unit_test(between),
		cmocka_unit_test(always_later),
		cmocka_unit_test(whole_life),
		cmocka_unit_test(dying),
		cmocka_unit_test(turns),
		cmocka_unit_test(new_before_old),
		cmocka_unit_test(new_only),
		cmocka_unit_test(lists),
		cmocka_unit_test(set_back),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
