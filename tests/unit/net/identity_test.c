/* SPDX-License-Identifier: ISC */

#include "net/identity.h"

#include "unit.h"

#include <string.h>

static void parse(void **state)
{
	static struct { char const *s; identity_status status; char const *v4; char const *v6; char const *helo; } const cases[] = {
		{ "", IDENTITY_OK, 0, 0, "" }, { "192.0.2.1", IDENTITY_OK, "192.0.2.1", 0, "" },
		{ "[192.0.2.1]|a.example", IDENTITY_OK, "192.0.2.1", 0, "a.example" }, { "|a.example", IDENTITY_OK, 0, 0, "a.example" },
		{ "192.0.2.1|", IDENTITY_OK, "192.0.2.1", 0, "" }, { "2001:db8::1|b", IDENTITY_OK, 0, "2001:db8::1", "b" },
		{ "[2001:db8::1]", IDENTITY_OK, 0, "2001:db8::1", "" }, { "192.0.2.1,2001:db8::1|c", IDENTITY_OK, "192.0.2.1", "2001:db8::1", "c" },
		{ "2001:db8::1%eth0,192.0.2.1%eth1", IDENTITY_OK, "192.0.2.1", "2001:db8::1", "" },
		{ "192.0.2.1,", IDENTITY_BADADDRESS, 0, 0, 0 }, { ",192.0.2.1", IDENTITY_BADADDRESS, 0, 0, 0 },
		{ "192.0.2.1,192.0.2.2", IDENTITY_BADADDRESS, 0, 0, 0 }, { "192.0.2", IDENTITY_BADADDRESS, 0, 0, 0 },
		{ " 192.0.2.1", IDENTITY_BADADDRESS, 0, 0, 0 }, { "host.example|x", IDENTITY_BADADDRESS, 0, 0, 0 },
		{ "%eth0", IDENTITY_BADADDRESS, 0, 0, 0 }, { "1:2", IDENTITY_BADADDRESS, 0, 0, 0 },
		{ "2001:db8::1]", IDENTITY_BADADDRESS, 0, 0, 0 },
		{ "2001:db8:0000:0000:0000:0000:0000:0000:0000:0000:0001", IDENTITY_BADADDRESS, 0, 0, 0 },
		{ "192.0.2.1|a b", IDENTITY_BADNAME, 0, 0, 0 }, { "192.0.2.1|a\r", IDENTITY_BADNAME, 0, 0, 0 },
		{ "192.0.2.1|\xc3\xa4", IDENTITY_BADNAME, 0, 0, 0 },
	}, *c;

	(void)state;
	UNIT_EACH(c, cases) {
		identity id = IDENTITY_ZERO;
		identity_status status = identity_parse(&id, c->s, strlen(c->s));
		char v4[IP_FMT] = "";
		char v6[IP_FMT] = "";

		if (id.v4.len)
			ip_format(v4, &id.v4);
		if (id.v6.len)
			ip_format(v6, &id.v6);
		if (status != c->status || (status == IDENTITY_OK && (strcmp(v4, c->v4 ? c->v4 : "") != 0
		 || strcmp(v6, c->v6 ? c->v6 : "") != 0 || id.helohost.len != strlen(c->helo)
		 || (id.helohost.len && memcmp(id.helohost.s, c->helo, id.helohost.len) != 0))))
			fail_msg("%s: %d %s %s", c->s, (int)status, v4, v6);
		identity_free(&id);
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(parse),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
