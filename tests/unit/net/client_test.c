/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>

#include "net/client.h"

static void nothing_known(void **state)
{
	received r = { .helo = "old" };

	(void)state;
	clearenv();
	client_known(&r, "QMTP");
	assert_string_equal(r.host, "unknown");
	assert_string_equal(r.ip, "unknown");
	assert_string_equal(r.local, "unknown");
	assert_string_equal(r.protocol, "QMTP");
	assert_null(r.info);
	assert_null(r.helo);
}

static void all_known(void **state)
{
	received r;

	(void)state;
	setenv("TCPREMOTEIP", "192.0.2.1", 1);
	setenv("TCPREMOTEHOST", "h.example", 1);
	setenv("TCPREMOTEINFO", "", 1);
	setenv("TCPLOCALIP", "192.0.2.2", 1);
	client_known(&r, "SMTP");
	assert_string_equal(r.host, "h.example");
	assert_string_equal(r.ip, "192.0.2.1");
	assert_string_equal(r.info, "");
	assert_string_equal(r.local, "192.0.2.2");
	setenv("TCPLOCALHOST", "l.example", 1);
	client_known(&r, "SMTP");
	assert_string_equal(r.local, "l.example");
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(nothing_known),
		cmocka_unit_test(all_known),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
