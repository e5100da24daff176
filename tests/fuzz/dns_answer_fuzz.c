/* SPDX-License-Identifier: ISC */

/* Input: the answer of a name server. */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "net/dns_answer.h"

/* Every truncation of a packet is read: that costs its length squared. */
enum { PREFIXES_MAX = 300 };

typedef struct readings
{
	int exchangers_ok, v4_ok, v6_ok, pointer_ok;
	dns_exchangers exchangers;
	dns_list v4, v6;
	char pointer[DNS_NAME_MAX];
} readings;

static void check_name(char const *name)
{
	HOLDS(memchr(name, 0, DNS_NAME_MAX) != 0);
}

/* In memory that ends where the packet ends. */
static void read_all(readings *r, span in)
{
	unsigned char *packet = malloc(in.n + !in.n);
	size_t i;

	fuzz_memory(packet != 0);
	memcpy(packet, in.s, in.n);
	r->v4.n = r->v6.n = 0;
	r->exchangers_ok = dns_read_exchangers(&r->exchangers, packet, in.n);
	r->v4_ok = dns_read_addresses(&r->v4, packet, in.n, DNS_TYPE_A, 1, 1);
	r->v6_ok = dns_read_addresses(&r->v6, packet, in.n, DNS_TYPE_AAAA, 1, 1);
	r->pointer_ok = dns_read_pointer(r->pointer, packet, in.n);
	free(packet);
	HOLDS(r->exchangers.n <= DNS_EXCHANGERS_MAX && r->v4.n <= DNS_ADDRESSES_MAX && r->v6.n <= DNS_ADDRESSES_MAX);
	for (i = 0; i < r->exchangers.n; i++) {
		check_name(r->exchangers.x[i].name);
		HOLDS(i == 0 || r->exchangers.x[i - 1].preference <= r->exchangers.x[i].preference);
	}
	for (i = 0; i < r->v4.n; i++)
		HOLDS(r->v4.a[i].ip.len == 4);
	check_name(r->pointer);
}

static int same_exchangers(dns_exchangers const *a, dns_exchangers const *b)
{
	size_t i;

	if (a->n != b->n)
		return 0;
	for (i = 0; i < a->n; i++)
		if (a->x[i].preference != b->x[i].preference || strcmp(a->x[i].name, b->x[i].name) != 0)
			return 0;
	return 1;
}

static int same_addresses(dns_list const *a, dns_list const *b)
{
	size_t i;

	if (a->n != b->n)
		return 0;
	for (i = 0; i < a->n; i++)
		if (memcmp(&a->a[i].ip, &b->a[i].ip, sizeof a->a[i].ip) != 0)
			return 0;
	return 1;
}

/* What was cut off was not needed, or the packet counts as damaged: no answer is ever half an answer. */
static void check_prefix(readings const *whole, span in)
{
	static readings part;

	read_all(&part, in);
	HOLDS(!part.exchangers_ok || (whole->exchangers_ok && same_exchangers(&part.exchangers, &whole->exchangers)));
	HOLDS(!part.v4_ok || (whole->v4_ok && same_addresses(&part.v4, &whole->v4)));
	HOLDS(!part.v6_ok || (whole->v6_ok && same_addresses(&part.v6, &whole->v6)));
	HOLDS(!part.pointer_ok || (whole->pointer_ok && strcmp(part.pointer, whole->pointer) == 0));
}

/* Sorting loses no address and makes up none; better ones come first. */
static void check_sort(dns_list const *v4, dns_list const *v6)
{
	static dns_list l;
	unsigned int sum = 0;
	size_t i, k;

	l.n = 0;
	for (i = 0; i < v4->n; i++)
		dns_add_address(&l, &v4->a[i].ip, v4->a[i].ip.bytes[0] & 3, v4->a[i].ip.bytes[1] & 3);
	for (i = 0; i < v6->n; i++)
		dns_add_address(&l, &v6->a[i].ip, v6->a[i].ip.bytes[0] & 3, v6->a[i].ip.bytes[1] & 3);
	HOLDS(l.n <= DNS_ADDRESSES_MAX);
	for (i = 0; i < l.n; i++)
		for (k = 0; k < sizeof l.a[i].ip.bytes; k++)
			sum += l.a[i].ip.bytes[k] * (unsigned int)(k + 1);
	dns_sort(&l);
	for (i = 0; i < l.n; i++)
		for (k = 0; k < sizeof l.a[i].ip.bytes; k++)
			sum -= l.a[i].ip.bytes[k] * (unsigned int)(k + 1);
	HOLDS(sum == 0);
	for (i = 1; i < l.n; i++)
		HOLDS(l.a[i - 1].preference <= l.a[i].preference);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	static readings whole;
	span in = fuzz_whole(data, size);
	size_t n;

	read_all(&whole, in);
	for (n = 0; n < in.n && n < PREFIXES_MAX; n++)
		check_prefix(&whole, (span){ in.s, n });
	check_sort(&whole.v4, &whole.v6);
	return 0;
}
