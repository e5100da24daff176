/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "net/dns_answer.h"

enum { A = 1, CNAME = 5, PTR = 12, MX = 15, AAAA = 28 };

/* An answer under construction. */
typedef struct packet
{
	unsigned char s[65536];
	size_t n;
} packet;

static packet p;
static dns_exchangers x;
static dns_list l;

static void byte(unsigned int c)
{
	assert_true(p.n < sizeof p.s);
	p.s[p.n++] = (unsigned char)c;
}

static void two(unsigned int v)
{
	byte(v >> 8 & 0xff);
	byte(v & 0xff);
}

static void name(char const *s)
{
	while (*s) {
		size_t len = strcspn(s, ".");
		size_t i;

		byte((unsigned int)len);
		for (i = 0; i < len; i++)
			byte((unsigned char)s[i]);
		s += len + (s[len] == '.');
	}
	byte(0);
}

static void start(unsigned int type)
{
	p.n = 0;
	two(0x1234);
	two(0x8180);
	two(1);
	two(0);
	two(0);
	two(0);
	name("h.example");
	two(type);
	two(1);
}

/* The head of a record that belongs to the name asked for; returns where its data starts. */
static size_t record(unsigned int type)
{
	unsigned int count = (unsigned int)p.s[6] << 8 | p.s[7];

	count++;
	p.s[6] = (unsigned char)(count >> 8);
	p.s[7] = (unsigned char)count;
	two(0xc00c);
	two(type);
	two(1);
	two(0);
	two(60);
	two(0);
	return p.n;
}

static void end_record(size_t data)
{
	size_t len = p.n - data;

	p.s[data - 2] = (unsigned char)(len >> 8);
	p.s[data - 1] = (unsigned char)len;
}

static void mx(unsigned int preference, char const *target)
{
	size_t data = record(MX);

	two(preference);
	name(target);
	end_record(data);
}

static void cname(char const *target)
{
	size_t data = record(CNAME);

	name(target);
	end_record(data);
}

static void ptr(char const *target)
{
	size_t data = record(PTR);

	name(target);
	end_record(data);
}

static void address(unsigned int type, unsigned int last)
{
	size_t len = type == A ? 4 : 16;
	size_t data = record(type);
	size_t i;

	for (i = 0; i < len; i++)
		byte(i == 0 ? (type == A ? 10 : 0x20) : i == len - 1 ? last : 0);
	end_record(data);
}

static void exchangers(void **state)
{
	(void)state;
	start(MX);
	cname("real.example");
	mx(30, "c.example");
	mx(10, "a.example");
	mx(20, "B.Example");
	mx(10, "a2.example");
	mx(65535, "");
	address(A, 1);
	assert_true(dns_read_exchangers(&x, p.s, p.n));
	assert_int_equal(x.n, 5);
	assert_string_equal(x.x[0].name, "a.example");
	assert_string_equal(x.x[1].name, "a2.example");
	assert_string_equal(x.x[2].name, "B.Example");
	assert_string_equal(x.x[3].name, "c.example");
	assert_string_equal(x.x[4].name, "");
	assert_int_equal(x.x[0].preference, 10);
	assert_int_equal(x.x[4].preference, 65535);
}

static void no_records(void **state)
{
	(void)state;
	start(MX);
	assert_true(dns_read_exchangers(&x, p.s, p.n));
	assert_int_equal(x.n, 0);
	cname("real.example");
	assert_true(dns_read_exchangers(&x, p.s, p.n));
	assert_int_equal(x.n, 0);
	l.n = 0;
	assert_true(dns_read_addresses(&l, p.s, p.n, A, 0, 0));
	assert_int_equal(l.n, 0);
}

/* 500 of them: the best are kept. */
static void many_exchangers(void **state)
{
	unsigned int i;

	(void)state;
	start(MX);
	for (i = 500; i > 0; i--)
		mx(i, "mx.example");
	assert_true(dns_read_exchangers(&x, p.s, p.n));
	assert_int_equal(x.n, DNS_EXCHANGERS_MAX);
	for (i = 0; i < DNS_EXCHANGERS_MAX; i++)
		assert_int_equal(x.x[i].preference, i + 1);
}

static void addresses(void **state)
{
	(void)state;
	start(A);
	cname("real.example");
	address(A, 1);
	address(AAAA, 9);
	address(A, 2);
	l.n = 0;
	assert_true(dns_read_addresses(&l, p.s, p.n, A, 10, 7));
	assert_int_equal(l.n, 2);
	assert_int_equal(l.a[0].ip.len, 4);
	assert_int_equal(l.a[0].ip.bytes[3], 1);
	assert_int_equal(l.a[1].ip.bytes[3], 2);
	assert_int_equal(l.a[1].preference, 10);
	assert_int_equal(l.a[1].rank, 7);
	assert_true(dns_read_addresses(&l, p.s, p.n, AAAA, 20, 8));
	assert_int_equal(l.n, 3);
	assert_int_equal(l.a[2].ip.len, 16);
	assert_int_equal(l.a[2].ip.bytes[15], 9);
}

static void many_addresses(void **state)
{
	unsigned int i;

	(void)state;
	start(A);
	for (i = 0; i < DNS_ADDRESSES_MAX + 50; i++)
		address(A, i & 0xff);
	l.n = 0;
	assert_true(dns_read_addresses(&l, p.s, p.n, A, 0, 0));
	assert_int_equal(l.n, DNS_ADDRESSES_MAX);
}

static void other_classes(void **state)
{
	size_t data;

	(void)state;
	start(A);
	address(A, 1);
	data = p.n;
	address(A, 2);
	p.s[data + 5] = 3;      /* CH */
	l.n = 0;
	assert_true(dns_read_addresses(&l, p.s, p.n, A, 0, 0));
	assert_int_equal(l.n, 1);
}

/* On the heap, to the byte, so that a sanitizer sees any step outside. */
static void read_copy(unsigned char const *s, size_t n)
{
	unsigned char *copy = malloc(n ? n : 1);
	char host[DNS_NAME_MAX];

	assert_non_null(copy);
	memcpy(copy, s, n);
	if (dns_read_exchangers(&x, copy, n))
		assert_true(x.n <= DNS_EXCHANGERS_MAX);
	l.n = 0;
	dns_read_addresses(&l, copy, n, A, 0, 0);
	dns_read_addresses(&l, copy, n, AAAA, 0, 0);
	assert_true(l.n <= DNS_ADDRESSES_MAX);
	dns_read_pointer(host, copy, n);
	assert_non_null(memchr(host, 0, sizeof host));
	free(copy);
}

static void build_mixed(void)
{
	start(MX);
	cname("alias.of.h.example");
	mx(10, "a.example");
	mx(20, "b.example");
	address(A, 1);
	address(AAAA, 2);
	ptr("c.example");
}

static void cut_anywhere(void **state)
{
	size_t n;

	(void)state;
	build_mixed();
	assert_true(dns_read_exchangers(&x, p.s, p.n));
	for (n = 0; n < p.n; n++) {
		assert_false(dns_read_exchangers(&x, p.s, n));
		read_copy(p.s, n);
	}
}

static void any_byte_wrong(void **state)
{
	static unsigned char const values[] = { 0, 1, 0x0c, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff };
	size_t i;
	size_t k;

	(void)state;
	build_mixed();
	for (i = 0; i < p.n; i++) {
		unsigned char was = p.s[i];

		for (k = 0; k < sizeof values; k++) {
			p.s[i] = values[k];
			read_copy(p.s, p.n);
		}
		p.s[i] = was;
	}
}

static void noise(void **state)
{
	unsigned int seed = 1;
	unsigned int round;

	(void)state;
	for (round = 0; round < 20000; round++) {
		size_t changes;

		build_mixed();
		for (changes = 1 + round % 8; changes > 0; changes--) {
			seed = seed * 1103515245 + 12345;
			p.s[(seed >> 8) % p.n] = (unsigned char)(seed >> 24);
		}
		read_copy(p.s, p.n);
	}
}

static void pointer_loops(void **state)
{
	size_t data;

	(void)state;
	start(MX);
	data = record(MX);
	two(10);
	two(0xc000 | (unsigned int)p.n);        /* to itself */
	end_record(data);
	assert_false(dns_read_exchangers(&x, p.s, p.n));
	start(MX);
	data = record(MX);
	two(10);
	two(0xffff);                            /* out of the packet */
	end_record(data);
	assert_false(dns_read_exchangers(&x, p.s, p.n));
}

/* The owner's name is passed over, but a pointer in it that leads anywhere but back is none. */
static void owner_pointers(void **state)
{
	static struct { int from_itself; int good; } const rows[] = { { -1, 1 }, { 0, 0 }, { 1, 0 }, { 2, 0 }, { 1000, 0 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t owner;
		unsigned int to;

		start(MX);
		owner = p.n;
		mx(10, "mx.example");
		to = (unsigned int)((int)owner + rows[i].from_itself);
		p.s[owner] = (unsigned char)(0xc0 | to >> 8);
		p.s[owner + 1] = (unsigned char)to;
		assert_int_equal(dns_read_exchangers(&x, p.s, p.n), rows[i].good);
	}
}

static void wrong_lengths(void **state)
{
	size_t data;

	(void)state;
	start(A);
	data = record(A);
	byte(10);
	two(0);
	end_record(data);
	l.n = 0;
	assert_false(dns_read_addresses(&l, p.s, p.n, A, 0, 0));
	start(MX);
	data = record(MX);
	two(10);
	name("a.example");
	byte(0);                                /* behind the name */
	end_record(data);
	assert_false(dns_read_exchangers(&x, p.s, p.n));
	start(MX);
	data = record(MX);
	two(10);
	end_record(data);
	assert_false(dns_read_exchangers(&x, p.s, p.n));
}

static void add(unsigned int preference, uint32_t rank, unsigned char len, unsigned char mark)
{
	l.a[l.n++] = (dns_address){ .preference = preference, .rank = rank, .ip = { .len = len, .bytes = { mark } } };
}

/* By preference, exchangers together by rank, the families in turn, each in its order, IPv4 first. */
static void order(void **state)
{
	static unsigned char const want[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
	size_t i;

	(void)state;
	l.n = 0;
	add(20, 0, 16, 8);
	add(20, 0, 16, 9);
	add(10, 5, 4, 3);
	add(10, 5, 4, 5);
	add(10, 1, 16, 2);
	add(10, 1, 4, 1);
	add(10, 9, 4, 6);
	add(10, 9, 16, 4);
	add(30, 0, 4, 10);
	add(20, 0, 4, 7);
	dns_sort(&l);
	assert_int_equal(l.n, sizeof want);
	for (i = 0; i < sizeof want; i++)
		assert_int_equal(l.a[i].ip.bytes[0], want[i]);
	l.n = 0;
	dns_sort(&l);
	assert_int_equal(l.n, 0);
}

static void order_full(void **state)
{
	size_t i;

	(void)state;
	l.n = 0;
	for (i = 0; i < DNS_ADDRESSES_MAX; i++)
		add(1, (uint32_t)i, i % 3 ? 16 : 4, (unsigned char)i);
	dns_sort(&l);
	assert_int_equal(l.n, DNS_ADDRESSES_MAX);
	assert_int_equal(l.a[0].ip.len, 4);
	assert_int_equal(l.a[1].ip.len, 16);
	assert_int_equal(l.a[DNS_ADDRESSES_MAX - 1].ip.len, 16);
}

static void pointers(void **state)
{
	char got[DNS_NAME_MAX];
	size_t n;

	(void)state;
	start(PTR);
	assert_true(dns_read_pointer(got, p.s, p.n));
	assert_string_equal(got, "");
	/* RFC 2317: an alias in between */
	cname("1.0-63.2.0.192.in-addr.arpa");
	assert_true(dns_read_pointer(got, p.s, p.n));
	assert_string_equal(got, "");
	ptr("First.Example");
	ptr("second.example");
	assert_true(dns_read_pointer(got, p.s, p.n));
	assert_string_equal(got, "First.Example");
	for (n = 0; n < p.n; n++)
		assert_false(dns_read_pointer(got, p.s, n));
	start(PTR);
	ptr("");
	assert_true(dns_read_pointer(got, p.s, p.n));
	assert_string_equal(got, "");
	start(PTR);
	end_record(record(PTR));
	assert_false(dns_read_pointer(got, p.s, p.n));
}

static void reverse(void **state)
{
	static struct { char const *ip; char const *name; } const cases[] = {
		{ "192.0.2.1", "1.2.0.192.in-addr.arpa" },
		{ "255.255.255.255", "255.255.255.255.in-addr.arpa" },
		{ "[::1]", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa" },
		{ "[2001:db8::567:89ab]", "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa" },
		{ "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]",
		  "f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.ip6.arpa" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char s[DNS_REVERSE_FMT];
		ip_address ip;

		assert_true(ip_literal(&ip, cases[i].ip, strlen(cases[i].ip)));
		dns_reverse(s, &ip);
		assert_string_equal(s, cases[i].name);
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(exchangers),
		cmocka_unit_test(no_records),
		cmocka_unit_test(many_exchangers),
		cmocka_unit_test(addresses),
		cmocka_unit_test(many_addresses),
		cmocka_unit_test(other_classes),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(any_byte_wrong),
		cmocka_unit_test(noise),
		cmocka_unit_test(pointer_loops),
		cmocka_unit_test(owner_pointers),
		cmocka_unit_test(wrong_lengths),
		cmocka_unit_test(order),
		cmocka_unit_test(order_full),
		cmocka_unit_test(pointers),
		cmocka_unit_test(reverse),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
