/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "net/dns.h"

static dns_list l;

/* These need no name server. */
static void literals(void **state)
{
	(void)state;
	assert_int_equal(dns_exchange(&l, "[192.0.2.1]"), DNS_FOUND);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.a[0].preference, 0);
	assert_int_equal(dns_addresses(&l, "[IPv6:2001:db8::1]"), DNS_FOUND);
	assert_int_equal(l.a[0].ip.len, 16);
	assert_int_equal(dns_exchange(&l, ""), DNS_NOHOST);
	assert_int_equal(l.n, 0);
}

/* No question can be asked with these: the answer is final. */
static void impossible_names(void **state)
{
	static char label[70];
	static char name[400];
	size_t i;

	(void)state;
	memset(label, 'a', 64);
	assert_int_equal(dns_exchange(&l, label), DNS_NOHOST);
	assert_int_equal(dns_exchange(&l, "a..b"), DNS_NOHOST);
	for (i = 0; i < 399; i++)
		name[i] = i % 10 == 9 ? '.' : 'a';
	assert_int_equal(dns_exchange(&l, name), DNS_NOHOST);
	assert_int_equal(dns_addresses(&l, name), DNS_NOHOST);
	assert_int_equal(l.n, 0);
}

static void exchangers(void **state)
{
	static dns_exchangers x = { .n = 2 };
	dns_address a = { .preference = 20, .rank = 7 * DNS_EXCHANGERS_MAX + 1 };

	(void)state;
	memcpy(x.x[0].name, "a.example", sizeof "a.example");
	memcpy(x.x[1].name, "b.example", sizeof "b.example");
	x.x[0].preference = 10;
	x.x[1].preference = 20;
	assert_string_equal(dns_exchanger_of(&x, &a), "b.example");
	a.rank--;
	assert_null(dns_exchanger_of(&x, &a));
	a.preference = 10;
	assert_string_equal(dns_exchanger_of(&x, &a), "a.example");
	a.rank += 2;
	assert_null(dns_exchanger_of(&x, &a));
	/* A literal has none. */
	assert_int_equal(dns_explain(&l, &x, "[192.0.2.1]"), DNS_FOUND);
	assert_int_equal(x.n, 0);
	assert_null(dns_exchanger_of(&x, &l.a[0]));
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(literals),
		cmocka_unit_test(impossible_names),
		cmocka_unit_test(exchangers),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
