/* SPDX-License-Identifier: ISC */

#include "lint/findings.h"

#include "unit.h"

#include <errno.h>
#include <string.h>

static void expect(findings *f, char const *text)
{
	assert_int_equal(f->failed, 0);
	assert_true(stralloc_0(&f->out));
	assert_string_equal(f->out.s, text);
	f->out.len = 0;
}

static void lines(void **state)
{
	findings f = FINDINGS_ZERO;

	(void)state;
	assert_int_equal(f.worst, 0);
	findings_add(&f, FINDING_WARNING, "a/b", 0, "what", findings_cure, "cure", (char *)0);
	expect(&f, "a/b:0: warning: what: cure\n");
	assert_int_equal(f.worst, FINDING_WARNING);
	findings_add(&f, FINDING_ERROR, "a/b", 12, "one", "", " two", findings_cure, "do ", "it", (char *)0);
	expect(&f, "a/b:12: error: one two: do it\n");
	assert_int_equal(f.worst, FINDING_ERROR);
	findings_add(&f, FINDING_WARNING, "a", 1, "x", findings_cure, "y", (char *)0);
	expect(&f, "a:1: warning: x: y\n");
	assert_int_equal(f.worst, FINDING_ERROR);
	stralloc_free(&f.out);
}

/* Whatever is in a name: one line, printable, and the cure begins behind the third colon with a blank. */
static void hostile(void **state)
{
	findings f = FINDINGS_ZERO;

	(void)state;
	findings_add(&f, FINDING_ERROR, "a: b\n", 1, "c: d: ", "e:", "f\x1b[2J\\", findings_cure, "g: h\n", (char *)0);
	expect(&f, "a, b\\x0a:1: error: c, d, e:f\\x1b[2J\\\\: g: h\\x0a\n");
	stralloc_free(&f.out);
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(lines),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
