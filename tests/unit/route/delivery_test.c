/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "route/delivery.h"

static void lines(void **state)
{
	static struct row { char const *local, *host, *sender, *ext, *dtline, *rpline, *ufline, *safe; } const rows[] = {
		{ "foo", "h.example", "s@x", "", "Delivered-To: foo@h.example\n", "Return-Path: <s@x>\n",
			"From s@x Thu Jan 01 00:00:00 1970\n", "" },
		{ "foo-A.b", "h", "", "A.b", "Delivered-To: foo-A.b@h\n", "Return-Path: <>\n",
			"From MAILER-DAEMON Thu Jan 01 00:00:00 1970\n", "a:b" },
		{ "x\ny", "h\n", "a \tb\nc@x", "", "Delivered-To: x_y@h_\n", "Return-Path: <\"a \tb\\_c\"@x>\n",
			"From a--b-c@x Thu Jan 01 00:00:00 1970\n", "" },
		{ "", "", "plain", "", "Delivered-To: @\n", "Return-Path: <plain>\n", "From plain Thu Jan 01 00:00:00 1970\n", "" },
		{ "\xe9", "h", "\xe9@x", "", "Delivered-To: \xe9@h\n", "Return-Path: <\"\xe9\"@x>\n",
			"From \xe9@x Thu Jan 01 00:00:00 1970\n", "" },
	};
	struct row const *c;
	delivery d = DELIVERY_ZERO;

	(void)state;
	UNIT_EACH (c, rows) {
		d.local = c->local;
		d.host = c->host;
		d.sender = c->sender;
		d.ext = c->ext;
		assert_true(delivery_lines(&d, 0));
		assert_string_equal(d.dtline.s, c->dtline);
		assert_string_equal(d.rpline.s, c->rpline);
		assert_string_equal(d.ufline.s, c->ufline);
		assert_string_equal(d.safe.s, c->safe);
		assert_int_equal(d.dtline.len, strlen(c->dtline));
		assert_int_equal(d.safe.len, strlen(c->safe));
	}
	stralloc_free(&d.dtline);
	stralloc_free(&d.rpline);
	stralloc_free(&d.ufline);
	stralloc_free(&d.safe);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(lines),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
