/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "mail/hfield.h"

static void names(void **state)
{
	static struct row { char const *line; size_t name; hfield known; } const rows[] = {
		{ "", 0, HFIELD_OTHER },
		{ ":", 0, HFIELD_OTHER },
		{ " :", 0, HFIELD_OTHER },
		{ "\n", 0, HFIELD_OTHER },
		{ "no colon", 0, HFIELD_OTHER },
		{ "To:", 2, HFIELD_TO },
		{ "tO: a\n", 2, HFIELD_TO },
		{ "To \t : a", 2, HFIELD_TO },
		{ " To: a", 0, HFIELD_OTHER },
		{ "T o: a", 0, HFIELD_OTHER },
		{ "T\xe4: a", 0, HFIELD_OTHER },
		{ "T\x7f: a", 0, HFIELD_OTHER },
		{ "T\r: a", 0, HFIELD_OTHER },
		{ "To: a: b", 2, HFIELD_TO },
		{ "Toto: a", 4, HFIELD_OTHER },
		{ "T: a", 1, HFIELD_OTHER },
		{ "!#~: x", 3, HFIELD_OTHER },
		{ "RESENT-Reply-to: x", 15, HFIELD_RESENT_REPLY_TO },
		{ "Resent_To: x", 9, HFIELD_OTHER },
		{ "Message-ID: x", 10, HFIELD_MESSAGE_ID },
		{ "Content-Length: 5", 14, HFIELD_CONTENT_LENGTH },
		{ "Notice-Requested-Upon-Delivery-To: x", 33, HFIELD_NOTICE_REQUESTED },
	};
	struct row const *r;

	(void)state;
	UNIT_EACH(r, rows) {
		if (hfield_name(r->line, strlen(r->line)) != r->name || hfield_known(r->line, strlen(r->line)) != r->known)
			fail_msg("%s", r->line);
	}
	assert_int_equal(hfield_name(0, 0), 0);
	assert_int_equal(hfield_name("T\0: a", 5), 0);
}

static void starts(void **state)
{
	(void)state;
	assert_true(hfield_starts("a: b\n", 5));
	assert_true(hfield_starts("From x\n", 7));
	assert_true(hfield_starts("From ", 5));
	assert_false(hfield_starts("From", 4));
	assert_false(hfield_starts("from x\n", 7));
	assert_false(hfield_starts(">From x\n", 8));
	assert_false(hfield_starts(" a: b\n", 6));
	assert_false(hfield_starts("\n", 1));
	assert_false(hfield_starts("", 0));
}

/* A field is not known before its colon is there. */
static void every_cut(void **state)
{
	static char const line[] = "Return-Path : <a>\n";
	size_t n;

	(void)state;
	for (n = 0; n < sizeof line; n++)
		assert_int_equal(hfield_known(line, n), n > 12 ? HFIELD_RETURN_PATH : HFIELD_OTHER);
}

static void bodies(void **state)
{
	(void)state;
	assert_int_equal(hfield_body("To: a", 5), 4);
	assert_int_equal(hfield_body("To :\r\n\t a", 9), 8);
	assert_int_equal(hfield_body("To:", 3), 3);
	assert_int_equal(hfield_body("To", 2), 2);
	assert_int_equal(hfield_body("", 0), 0);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(starts),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(bodies),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
