/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "explain/steps.h"

static void fill(steps *s)
{
	steps_add(s, STAGE_LOCALS, STEP_PASSED, "control/locals", 3, "x", "y", (char *)0);
	steps_fact(s, "user", "a\0b", 3);
	steps_count(s, "uid", 1000);
	steps_variable(s, "EXT=a=b");
	steps_begin(s, STAGE_HOME, STEP_TAKEN, 0, 0);
	steps_text(s, "mode ");
	steps_mode(s, 02755);
	steps_bytes(s, "", 0);
	steps_end(s);
	steps_conclude(s, RESULT_WAITS, "why");
	steps_conclude(s, RESULT_NOBODY, "");
}

static void there_and_back(void **state)
{
	static struct { steps_kind kind; int verdict; size_t line; char const *name; char const *text; size_t n; } const want[] = {
		{ STEPS_STEP, STEP_PASSED, 3, "control/locals", "xy", 2 }, { STEPS_FACT, 0, 0, "user", "a\0b", 3 },
		{ STEPS_NUMBER, 0, 0, "uid", "1000", 4 }, { STEPS_VARIABLE, 0, 0, "EXT", "a=b", 3 },
		{ STEPS_STEP, STEP_TAKEN, 0, "", "mode 2755", 9 }, { STEPS_RESULT, RESULT_WAITS, 0, "", "why", 3 },
		{ STEPS_RESULT, RESULT_NOBODY, 0, "", "", 0 },
	};
	steps s = STEPS_ZERO;
	steps_item item;
	size_t at = 0;
	size_t i;

	(void)state;
	assert_int_equal(steps_outcome(&s), RESULT_UNKNOWN);
	fill(&s);
	for (i = 0; i < sizeof want / sizeof want[0]; i++) {
		assert_int_equal(steps_next(&s, &at, &item), 1);
		assert_int_equal(item.kind, want[i].kind);
		assert_int_equal(item.verdict, want[i].verdict);
		assert_int_equal(item.line, want[i].line);
		assert_int_equal(item.namelen, strlen(want[i].name));
		assert_memory_equal(item.name, want[i].name, item.namelen);
		assert_int_equal(item.textlen, want[i].n);
		assert_memory_equal(item.text, want[i].text, item.textlen);
	}
	assert_int_equal(steps_next(&s, &at, &item), 0);
	assert_int_equal(steps_outcome(&s), RESULT_NOBODY);
	stralloc_free(&s.data);
}

/* What a child writes is taken whole or not at all. */
static void damaged(void **state)
{
	steps from = STEPS_ZERO;
	steps to = STEPS_ZERO;
	size_t whole = 0;
	size_t n;

	(void)state;
	fill(&from);
	steps_add(&to, STAGE_USER, STEP_NOTE, 0, 0, "before", (char *)0);
	n = to.data.len;
	for (size_t cut = 0; cut <= from.data.len; cut++) {
		size_t before = to.data.len;

		if (steps_take(&to, from.data.s, cut))
			whole++;
		else
			assert_int_equal(to.data.len, before);
		to.data.len = n;
	}
	/* Nothing, and each of the seven items' ends. */
	assert_int_equal(whole, 8);
	for (size_t i = 0; i < from.data.len; i++) {
		from.data.s[i] = (char)~from.data.s[i];
		steps_take(&to, from.data.s, from.data.len);
		to.data.len = n;
		from.data.s[i] = (char)~from.data.s[i];
	}
	stralloc_free(&from.data);
	stralloc_free(&to.data);
}

/* An address with a hundred thousand dashes has as many names to try. */
static void too_many(void **state)
{
	static char text[1000];
	steps s = STEPS_ZERO;
	steps_item item;
	size_t at = 0;
	size_t n = 0;
	int i;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	for (i = 0; i < 5000; i++)
		steps_add(&s, STAGE_DOTQMAIL, STEP_PASSED, text, 0, text, (char *)0);
	steps_add(&s, STAGE_DOTQMAIL, STEP_REFUSED, 0, 0, "end", (char *)0);
	steps_add(&s, STAGE_DOTQMAIL, STEP_NOTE, 0, 0, "no", (char *)0);
	steps_conclude(&s, RESULT_WAITS, "why");
	assert_true(s.data.len > STEPS_MAX && s.data.len < STEPS_MAX + 4 * sizeof text);
	while (steps_next(&s, &at, &item) > 0)
		n += item.kind == STEPS_STEP && item.verdict != STEP_PASSED;
	assert_int_equal(n, 2);
	assert_int_equal(at, s.data.len);
	assert_int_equal(steps_outcome(&s), RESULT_WAITS);
	stralloc_free(&s.data);
}

int main(void)
{
	static struct CMUnitTest const tests[] = { cmocka_unit_test(there_and_back), cmocka_unit_test(damaged), cmocka_unit_test(too_many) };

	return cmocka_run_group_tests(tests, 0, 0);
}
