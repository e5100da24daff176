/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include "mail/messageid.h"

static void table(void **state)
{
	static struct row { int64_t t; long ns; unsigned long pid; char const *host; size_t n; char const *want; } const rows[] = {
		{ 0, 0, 1, "h", 1, "<19700101000000.1000000000.qmail@h>" },
		{ 1700000000, 999999999, 4194304, "id.example.org", 14, "<20231114221320.4194304999999999.qmail@id.example.org>" },
		{ 0, 12345, 1, "", 0, "<19700101000000.1000012345.qmail@>" },
		{ 0, 0, 1, "a b>", 4, "<19700101000000.1000000000.qmail@a b>>" },
		{ 0, 0, 1, "a\nBcc: b", 8, "<19700101000000.1000000000.qmail@a Bcc: b>" },
	};
	struct row const *r;
	stralloc sa = STRALLOC_ZERO;

	(void)state;
	UNIT_EACH(r, rows) {
		sa.len = 0;
		assert_true(messageid_cat(&sa, r->t, r->ns, r->pid, r->host, r->n) && stralloc_0(&sa));
		assert_string_equal(sa.s, r->want);
	}
	stralloc_free(&sa);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(table),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
