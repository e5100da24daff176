/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "local/outcome.h"
#include "local/program.h"

static void verdicts(void **state)
{
	static unsigned char const failures[] = { 64, 65, 70, 76, 77, 78, 100, 112 };
	int code;

	(void)state;
	for (code = 0; code < 256; code++) {
		int want = OUTCOME_DEFERRED;

		if (code == 0)
			want = OUTCOME_DONE;
		else if (code == 99)
			want = OUTCOME_STOP;
		else if (memchr(failures, code, sizeof failures))
			want = OUTCOME_FAILED;
		assert_int_equal(program_verdict(code), want);
	}
}

static void texts(void **state)
{
	outcome o = OUTCOME_ZERO;

	(void)state;
	assert_false(outcome_set(&o, OUTCOME_FAILED, "a", "", "b", (char *)0));
	assert_int_equal(o.code, OUTCOME_FAILED);
	assert_int_equal(o.text.len, 2);
	assert_memory_equal(o.text.s, "ab", 2);
	assert_false(outcome_nomem(&o));
	assert_int_equal(o.code, OUTCOME_DEFERRED);
	assert_false(outcome_set(&o, OUTCOME_DONE, (char *)0));
	assert_int_equal(o.text.len, 0);
	stralloc_free(&o.text);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
