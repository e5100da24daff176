/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "net/nearer.h"

typedef struct row
{
	char const *name;
	char const *list;       /* one letter an address: m mine, o other; lower case preference 10, upper case 20 */
	int relay;
	size_t usable;
} row;

static row const rows[] = {
	{ "no address", "", 0, 0 },
	{ "one", "o", 0, 1 },
	{ "me alone", "m", 0, 0 },
	{ "me first", "mO", 0, 0 },
	{ "me among equals", "om", 0, 0 },
	{ "me second", "oM", 0, 1 },
	{ "me among the second", "ooOMO", 0, 2 },
	{ "me twice", "omM", 0, 0 },
	{ "others", "ooO", 0, 3 },
	{ "relay", "mM", 1, 2 },
	{ "relay elsewhere", "o", 1, 1 },
};

static void usable(void **state)
{
	static unsigned char const mine[4] = { 192, 0, 2, 1 };
	static unsigned char const other[4] = { 192, 0, 2, 2 };
	static dns_list l;
	ipme me = IPME_ZERO;
	row const *r;

	(void)state;
	assert_true(ipme_add(&me, mine, 4));
	UNIT_EACH(r, rows) {
		char const *c;

		l.n = 0;
		for (c = r->list; *c; c++) {
			dns_address *a = &l.a[l.n++];

			ip_set(&a->ip, *c == 'm' || *c == 'M' ? mine : other, 4);
			a->preference = *c >= 'a' ? 10 : 20;
		}
		if (nearer_usable(&l, &me, r->relay) != r->usable)
			fail_msg("%s", r->name);
	}
	ipme_free(&me);
}

/* Our IPv6 address is as much ours, and so is the IPv4 one in IPv6 clothes. */
static void usable_v6(void **state)
{
	static unsigned char const mine6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	static unsigned char const mapped[16] = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 };
	static unsigned char const mine4[4] = { 127, 0, 0, 1 };
	static dns_list l;
	ipme me = IPME_ZERO;

	(void)state;
	assert_true(ipme_add(&me, mine6, 16));
	assert_true(ipme_add(&me, mine4, 4));
	l.n = 1;
	l.a[0].preference = 0;
	ip_set(&l.a[0].ip, mine6, 16);
	assert_int_equal(nearer_usable(&l, &me, 0), 0);
	ip_set(&l.a[0].ip, mapped, 16);
	assert_int_equal(nearer_usable(&l, &me, 0), 0);
	l.a[0].ip.bytes[3] = 9;
	assert_int_equal(nearer_usable(&l, &me, 0), 1);
	ipme_free(&me);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(usable),
		cmocka_unit_test(usable_v6),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
