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

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(literals),
		cmocka_unit_test(impossible_names),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
