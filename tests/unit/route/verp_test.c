/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "route/verp.h"

static void senders(void **state)
{
	static struct { char const *sender; char const *recipient; char const *want; } const rows[] = {
		{ "list-@h.example-@[]", "u.v@far.example", "list-u.v=far.example@h.example" },
		{ "list-owner-@lists.example-@[]", "foo-x@mail.test.example",
			"list-owner-foo-x=mail.test.example@lists.example" },
		{ "a@b@h.example-@[]", "u.v@far.example", "a@bu.v=far.example@h.example" },
		{ "list-@-@[]", "u.v@far.example", "list-u.v=far.example@" },
		{ "@h.example-@[]", "u.v@far.example", "u.v=far.example@h.example" },
		{ "list-@h-@[]", "u@v@far.example", "list-u@v=far.example@h" },
		{ "list-@h-@[]", "@", "list-=@h" },
		/* not of the shape: as it is */
		{ "", "u@far", "" },
		{ "-@[]", "u@far", "-@[]" },
		{ "x-@[]", "u@far", "x-@[]" },
		{ "#@[]", "u@far", "#@[]" },
		{ "@[]", "u@far", "@[]" },
		{ "list-@h.example@[]", "u@far", "list-@h.example@[]" },
		{ "list-@h.example-@[]x", "u@far", "list-@h.example-@[]x" },
		{ "list-@h-@[]", "nohost", "list-@h-@[]" },
		{ "list-@h-@[]", "", "list-@h-@[]" },
		{ "plain@h.example", "u@far", "plain@h.example" },
	};
	stralloc sa = STRALLOC_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		print_message("%s to %s\n", rows[i].sender, rows[i].recipient);
		sa.len = 0;
		assert_int_equal(verp_sender(&sa, rows[i].sender, strlen(rows[i].sender),
			rows[i].recipient, strlen(rows[i].recipient)), 1);
		assert_int_equal(stralloc_0(&sa), 1);
		assert_string_equal(sa.s, rows[i].want);
	}
	stralloc_free(&sa);
}

static void owners(void **state)
{
	static struct { char const *sender; size_t want; } const rows[] = {
		{ "list-@h-@[]", 7 }, { "-@[]", 0 }, { "@[]", 3 }, { "", 0 }, { "#@[]", 4 }, { "a@b", 3 }, { "-@[]-@[]", 4 },
		{ "-@[", 3 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(verp_owner(rows[i].sender, strlen(rows[i].sender)), rows[i].want);
}

int main(void)
{
	static struct CMUnitTest const tests[] = { cmocka_unit_test(senders), cmocka_unit_test(owners) };

	return cmocka_run_group_tests(tests, 0, 0);
}
