/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <string.h>

#include "inject/fault.h"

static void table(void **state)
{
	static struct row { fault_kind kind; char const *about; int code; char const *want; } const rows[] = {
		{ FAULT_NOMEM, "", 111, "out of memory\n" },
		{ FAULT_READ, "", 111, "read error\n" },
		{ FAULT_HOME, "", 111, "internal bug\n" },
		{ FAULT_CONTROL, "control/me is odd", 111, "control/me is odd\n" },
		{ FAULT_LINE, "From: (\n", 100, "unable to parse this line:\nFrom: (\n" },
		{ FAULT_LINE, "@(x", 100, "unable to parse this line:\n@(x" },
		{ FAULT_VARIABLE, "QMAILHOST is odd", 100, "QMAILHOST is odd\n" },
		{ FAULT_NOBODY, "To: <>\n", 100, "empty recipient address in this line:\nTo: <>\n" },
		{ FAULT_BYTE, "To: \1\n", 100, "control character in an address of this line:\nTo: \1\n" },
		{ FAULT_ADDRESS, "", 100, "unable to parse address: \n" },
		{ FAULT_ADDRESS, "a@(", 100, "unable to parse address: a@(\n" },
		{ FAULT_HEADER_LONG, "", 100, "header is longer than 16777216 bytes\n" },
		{ FAULT_RUN, "", 111, "unable to run qmail-queue\n" },
		{ FAULT_QUEUE, "Dno (#5.3.0)", 100, "no (#5.3.0)\n" },
		{ FAULT_QUEUE, "Zlater (#4.3.0)", 111, "later (#4.3.0)\n" },
		{ FAULT_QUEUE, "", 111, "\n" },
	};
	struct row const *r;
	stralloc sa = STRALLOC_ZERO;

	(void)state;
	UNIT_EACH(r, rows) {
		fault f = FAULT_ZERO;

		sa.len = 0;
		assert_int_equal(fault_set(&f, r->kind, r->about, strlen(r->about)), 0);
		assert_int_equal(fault_code(&f), r->code);
		assert_true(fault_text(&sa, &f) && stralloc_0(&sa));
		assert_memory_equal(sa.s, "qmail-inject: fatal: ", 21);
		assert_string_equal(sa.s + 21, r->want);
		stralloc_free(&f.text);
	}
	stralloc_free(&sa);
}

static void first_counts(void **state)
{
	fault f = FAULT_ZERO;

	(void)state;
	errno = ENOMEM;
	assert_int_equal(fault_errno(&f, FAULT_READ), 0);
	assert_int_equal(f.kind, FAULT_NOMEM);
	assert_int_equal(fault_set(&f, FAULT_LINE, "x", 1), 0);
	assert_int_equal(f.kind, FAULT_NOMEM);
	f.kind = FAULT_NONE;
	errno = EIO;
	fault_errno(&f, FAULT_READ);
	assert_int_equal(f.kind, FAULT_READ);
	stralloc_free(&f.text);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(first_counts),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
