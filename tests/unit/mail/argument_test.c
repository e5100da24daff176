/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "mail/argument.h"

static void table(void **state)
{
	static struct row { char const *in; int ok; char const *want; } const rows[] = {
		{ "", 1, "" },
		{ "a", 1, "a" },
		{ "a b@c", 1, "a b@c" },
		{ "a<b@c", 1, "a<b@c" },
		{ "a@b>c", 1, "a@b>c" },
		{ "<>", 1, "" },
		{ "<a@b>", 1, "a@b" },
		{ "Ann B. <a@b>", 1, "a@b" },
		{ "\"x <y>\" <a@b>", 1, "a@b" },
		{ "<", 0, "" },
		{ ">", 0, "" },
		{ "<a@b", 0, "" },
		{ "a@b>", 0, "" },
		{ "<<a@b>>", 0, "" },
		{ "<a@b> ", 0, "" },
	};
	struct row const *r;

	(void)state;
	UNIT_EACH(r, rows) {
		char const *s;
		size_t n;

		if (argument_bare(r->in, &s, &n) != r->ok)
			fail_msg("%s", r->in);
		if (!r->ok)
			continue;
		assert_int_equal(n, strlen(r->want));
		assert_memory_equal(s, r->want, n);
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(table),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
