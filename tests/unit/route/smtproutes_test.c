/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "route/smtproutes.h"

typedef struct row
{
	char const *in;
	smtproutes_status status;
	char const *relay;
	unsigned int port;
	int login;
} row;

static row const rows[] = {
	{ "", SMTPROUTES_NONE, "", 25, 0 },
	{ "relay", SMTPROUTES_RELAY, "relay", 25, 0 },
	{ "relay.example:26", SMTPROUTES_RELAY, "relay.example", 26, 0 },
	{ "relay.example;26", SMTPROUTES_RELAY, "relay.example", 26, 0 },
	{ "192.0.2.1:2525", SMTPROUTES_RELAY, "192.0.2.1", 2525, 0 },
	{ "[192.0.2.1]:26", SMTPROUTES_RELAY, "[192.0.2.1]", 26, 0 },
	{ "[192.0.2.1]", SMTPROUTES_RELAY, "[192.0.2.1]", 25, 0 },
	{ "[2001:db8::1]", SMTPROUTES_RELAY, "[2001:db8::1]", 25, 0 },
	{ "[2001:db8::1]:26", SMTPROUTES_RELAY, "[2001:db8::1]", 26, 0 },
	{ "[2001:db8::1];26", SMTPROUTES_RELAY, "[2001:db8::1]", 26, 0 },
	{ "[IPv6:2001:db8::1]:26", SMTPROUTES_RELAY, "[IPv6:2001:db8::1]", 26, 0 },
	{ "relay:", SMTPROUTES_RELAY, "relay", 25, 0 },
	{ "relay;", SMTPROUTES_RELAY, "relay", 25, 0 },
	{ "relay:0", SMTPROUTES_RELAY, "relay", 0, 0 },
	{ "relay:00025", SMTPROUTES_RELAY, "relay", 25, 0 },
	{ "relay:25abc", SMTPROUTES_RELAY, "relay", 25, 0 },
	{ "relay:25 # comment", SMTPROUTES_RELAY, "relay", 25, 0 },
	{ "relay:65535", SMTPROUTES_RELAY, "relay", 65535, 0 },
	{ "relay:65536", SMTPROUTES_BADPORT, 0, 0, 0 },
	{ "relay:99999999999999999999999999", SMTPROUTES_BADPORT, 0, 0, 0 },
	{ "relay:smtp", SMTPROUTES_BADPORT, 0, 0, 0 },
	{ "relay: 25", SMTPROUTES_BADPORT, 0, 0, 0 },
	{ "relay:-1", SMTPROUTES_BADPORT, 0, 0, 0 },
	{ "2001:db8::1", SMTPROUTES_BADPORT, 0, 0, 0 },
	{ ":25", SMTPROUTES_BADRELAY, 0, 0, 0 },
	{ ";25", SMTPROUTES_BADRELAY, 0, 0, 0 },
	{ " relay", SMTPROUTES_BADRELAY, 0, 0, 0 },
	{ "re lay:25", SMTPROUTES_BADRELAY, 0, 0, 0 },
	{ "relay\r", SMTPROUTES_BADRELAY, 0, 0, 0 },
	{ "rel\xe4y", SMTPROUTES_BADRELAY, 0, 0, 0 },
	{ "[2001:db8::1", SMTPROUTES_BADRELAY, 0, 0, 0 },
	{ "[2001:db8::1]x:25", SMTPROUTES_BADRELAY, 0, 0, 0 },
	{ "relay|user|pass", SMTPROUTES_RELAY, "relay", 25, 1 },
	{ "relay:587|user|p:a;s|s", SMTPROUTES_RELAY, "relay", 587, 1 },
	{ "relay;587|user|pass", SMTPROUTES_RELAY, "relay", 587, 1 },
	{ "[2001:db8::1]:587|u|p", SMTPROUTES_RELAY, "[2001:db8::1]", 587, 1 },
	{ "|user|pass", SMTPROUTES_NONE, "", 25, 1 },
};

static void parse(void **state)
{
	row const *r;

	(void)state;
	UNIT_EACH(r, rows) {
		smtproutes_route got;

		if (smtproutes_parse(&got, r->in, strlen(r->in)) != r->status)
			fail_msg("%s", r->in);
		if (r->relay && (got.relaylen != strlen(r->relay) || memcmp(got.relay, r->relay, got.relaylen) != 0
		 || got.port != r->port || got.login != r->login))
			fail_msg("%s: %.*s %u", r->in, (int)got.relaylen, got.relay, got.port);
	}
}

/* Two equal lines: the last counts. An empty relay stops the search. */
static void find(void **state)
{
	static char const lines[] = "h.example:one\0h.example:two:26\0.h.example:\0bad.example:x:y\0:last";
	static size_t const numbers[] = { 1, 2, 4, 5, 7 };
	static struct { char const *domain; smtproutes_status status; char const *relay; size_t index; } const asked[] = {
		{ "h.example", SMTPROUTES_RELAY, "two", 1 },
		{ "H.EXAMPLE", SMTPROUTES_RELAY, "two", 1 },
		{ "a.h.example", SMTPROUTES_NONE, 0, 2 },
		{ "bad.example", SMTPROUTES_BADPORT, 0, 3 },
		{ "other.example", SMTPROUTES_RELAY, "last", 4 },
		{ "", SMTPROUTES_RELAY, "last", 4 },
	};
	control_list l = CONTROL_LIST_ZERO;
	constmap m = CONSTMAP_ZERO;
	size_t i;

	(void)state;
	assert_true(stralloc_copyb(&l.entries, lines, sizeof lines));
	assert_true(stralloc_copyb(&l.lines, (char const *)numbers, sizeof numbers));
	l.n = 5;
	assert_true(constmap_map(&m, &l, ':'));
	for (i = 0; i < sizeof asked / sizeof asked[0]; i++) {
		smtproutes_route r;

		assert_int_equal(smtproutes_find(&r, &l, &m, asked[i].domain, strlen(asked[i].domain)), asked[i].status);
		assert_int_equal(r.index, asked[i].index);
		if (asked[i].relay) {
			assert_int_equal(r.relaylen, strlen(asked[i].relay));
			assert_memory_equal(r.relay, asked[i].relay, r.relaylen);
		}
	}
	constmap_free(&m);
	control_list_free(&l);
}

/* Lines without a colon concern the domain they start with, unless a better line does. */
static void find_misfits(void **state)
{
	static char const lines[] = "a.example relay\0relay.example\0.b.example=relay\0x.b.example:one\0"
		".c.example:two\0.example\tthree\0d.example,";
	static size_t const numbers[] = { 1, 2, 3, 4, 5, 6, 7 };
	static struct { char const *domain; smtproutes_status status; size_t index; } const asked[] = {
		{ "a.example", SMTPROUTES_NOCOLON, 0 },
		{ "A.Example", SMTPROUTES_NOCOLON, 0 },
		{ "relay.example", SMTPROUTES_NOCOLON, 5 },
		{ "y.b.example", SMTPROUTES_NOCOLON, 2 },
		{ "x.b.example", SMTPROUTES_RELAY, 3 },
		{ "b.example", SMTPROUTES_NOCOLON, 5 },
		{ "x.c.example", SMTPROUTES_RELAY, 4 },
		{ "d.example", SMTPROUTES_NOCOLON, 6 },
		{ "a.test", SMTPROUTES_NONE, 0 },
		{ "example", SMTPROUTES_NONE, 0 },
		{ "", SMTPROUTES_NONE, 0 },
	};
	control_list l = CONTROL_LIST_ZERO;
	constmap m = CONSTMAP_ZERO;
	size_t i;

	(void)state;
	assert_true(stralloc_copyb(&l.entries, lines, sizeof lines));
	assert_true(stralloc_copyb(&l.lines, (char const *)numbers, sizeof numbers));
	l.n = 7;
	assert_true(constmap_map(&m, &l, ':'));
	for (i = 0; i < sizeof asked / sizeof asked[0]; i++) {
		smtproutes_route r = { .index = 0 };

		if (smtproutes_find(&r, &l, &m, asked[i].domain, strlen(asked[i].domain)) != asked[i].status)
			fail_msg("%s", asked[i].domain);
		assert_int_equal(r.index, asked[i].index);
	}
	constmap_free(&m);
	control_list_free(&l);
}

static void find_nothing(void **state)
{
	control_list l = CONTROL_LIST_ZERO;
	constmap none = CONSTMAP_ZERO;
	smtproutes_route r;

	(void)state;
	assert_int_equal(smtproutes_find(&r, &l, &none, "h.example", 9), SMTPROUTES_NONE);
	assert_int_equal(smtproutes_find(&r, &l, &none, "", 0), SMTPROUTES_NONE);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(parse),
		cmocka_unit_test(find),
		cmocka_unit_test(find_misfits),
		cmocka_unit_test(find_nothing),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
