/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "base/control.h"
#include "remote/identity.h"

static void find(void **state)
{
	static char const text[] = "example.com:192.0.2.1|one\n.example.com:192.0.2.2\njoe@example.com:192.0.2.3\nbad.example 192.0.2.4\n"
		"worse.example:x\n*:192.0.2.9|rest\n";
	static struct { char const *sender; identity_status status; size_t line; } const cases[] = {
		{ "a@example.com", IDENTITY_OK, 1 }, { "a@B.Example.com", IDENTITY_OK, 2 }, { "JOE@example.com", IDENTITY_OK, 3 },
		{ "l-joe=x@example.com", IDENTITY_OK, 1 }, { "a@bad.example", IDENTITY_NOCOLON, 4 }, { "a@worse.example", IDENTITY_BADADDRESS, 5 },
		{ "a@else.example", IDENTITY_OK, 6 }, { "", IDENTITY_OK, 6 }, { "#@[]", IDENTITY_OK, 6 }, { "joe", IDENTITY_OK, 6 },
	}, *c;
	control_list l = CONTROL_LIST_ZERO;
	constmap m = CONSTMAP_ZERO;
	identity id = IDENTITY_ZERO;
	identity other = IDENTITY_ZERO;

	(void)state;
	assert_int_equal(identity_find(&id, &l, &m, "a@b", 3), IDENTITY_OK);
	assert_int_equal(id.line, 0);
	assert_true(control_list_parse(&l, text, sizeof text - 1));
	assert_true(constmap_map(&m, &l, ':'));
	UNIT_EACH(c, cases) {
		identity_status status = identity_find(&id, &l, &m, c->sender, strlen(c->sender));

		if (status != c->status || id.line != c->line)
			fail_msg("%s: %d %zu", c->sender, (int)status, id.line);
	}
	identity_find(&id, &l, &m, "a@example.com", 13);
	identity_find(&other, &l, &m, "b@example.com", 13);
	assert_true(identity_same(&id, &other));
	identity_find(&other, &l, &m, "joe@example.com", 15);
	assert_false(identity_same(&id, &other));
	identity_find(&other, &l, &m, "", 0);
	assert_false(identity_same(&id, &other));
	identity_free(&id);
	identity_free(&other);
	constmap_free(&m);
	control_list_free(&l);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(find),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
