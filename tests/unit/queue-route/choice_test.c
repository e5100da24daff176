/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "queue-route/choice.h"

static void table(void **state)
{
	static char const text[] = "somewhere.net:/2\n.somewhere.net:/3\nout.somewhere.net:\nbad.example /x\njoe@one.example:/4\n"
		"blank.example: /x\nsomewhere.net:/5\nfirst.example=/x\n";
	static struct { char const *sender; choice_status status; char const *program; size_t index; } const cases[] = {
		{ "joe@SomeWhere.Net", CHOICE_PROGRAM, "/5", 6 }, { "a@b.somewhere.net", CHOICE_PROGRAM, "/3", 1 },
		{ "a@out.somewhere.net", CHOICE_DEFAULT, 0, 0 }, { "joe@example.com", CHOICE_DEFAULT, 0, 0 },
		{ "", CHOICE_DEFAULT, 0, 0 }, { "unknown", CHOICE_DEFAULT, 0, 0 }, { "#@[]", CHOICE_DEFAULT, 0, 0 },
		{ "l-@somewhere.net-@[]", CHOICE_PROGRAM, "/5", 6 }, { "x@bad.example", CHOICE_NOCOLON, 0, 3 },
		{ "joe@one.example", CHOICE_PROGRAM, "/4", 4 }, { "bob@one.example", CHOICE_DEFAULT, 0, 0 },
		{ "x@blank.example", CHOICE_BLANK, " /x", 5 }, { "x@First.example", CHOICE_NOCOLON, 0, 7 },
	}, *c;
	choice_table t = CHOICE_TABLE_ZERO;

	(void)state;
	assert_true(control_list_parse(&t.list, text, sizeof text - 1));
	assert_true(constmap_map(&t.map, &t.list, ':'));
	UNIT_EACH(c, cases) {
		choice got = { .program = 0, .index = 0 };
		choice_status status = choice_make(&got, &t, c->sender, strlen(c->sender));

		if (status != c->status || (status != CHOICE_DEFAULT && got.index != c->index)
		 || (c->program && strcmp(got.program, c->program) != 0))
			fail_msg("%s: %d %zu", c->sender, (int)status, got.index);
	}
	constmap_free(&t.map);
	control_list_free(&t.list);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(table),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
