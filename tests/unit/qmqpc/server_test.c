/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "qmqpc/server.h"

static void entries(void **state)
{
	static struct { char const *entry; char const *ip; unsigned int port; } const cases[] = {
		{ "192.0.2.1", "192.0.2.1", 628 },
		{ "192.0.2.1:6280", "192.0.2.1", 6280 },
		{ "192.0.2.1:65535", "192.0.2.1", 65535 },
		{ "192.0.2.1 the first", "192.0.2.1", 628 },
		{ "192.0.2.1:1\t# x", "192.0.2.1", 1 },
		{ "[192.0.2.1]", "192.0.2.1", 628 },
		{ "[2001:db8::1]", "2001:db8::1", 628 },
		{ "[2001:db8::1]:99", "2001:db8::1", 99 },
		{ "[IPv6:2001:db8::1]", "2001:db8::1", 628 },
		{ "", 0, 0 },
		{ " 192.0.2.1", 0, 0 },
		{ "host.example", 0, 0 },
		{ "192.0.2", 0, 0 },
		{ "192.0.2.1x", 0, 0 },
		{ "192.0.2.1\r", 0, 0 },
		{ "192.0.2.1:", 0, 0 },
		{ "192.0.2.1:0", 0, 0 },
		{ "192.0.2.1:65536", 0, 0 },
		{ "192.0.2.1:99999999999999999999", 0, 0 },
		{ "192.0.2.1:smtp", 0, 0 },
		{ "192.0.2.1:1:2", 0, 0 },
		{ "2001:db8::1", 0, 0 },
		{ "[2001:db8::1", 0, 0 },
		{ "[2001:db8::1]x", 0, 0 },
		{ "[2001:db8::1]99", 0, 0 },
		{ "[", 0, 0 },
		{ "[]", 0, 0 },
		{ ":628", 0, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[IP_FMT];
		server v;

		assert_int_equal(server_parse(&v, cases[i].entry, strlen(cases[i].entry)), cases[i].ip != 0);
		if (!cases[i].ip)
			continue;
		ip_format(text, &v.ip);
		assert_string_equal(text, cases[i].ip);
		assert_int_equal(v.port, cases[i].port);
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(entries),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
