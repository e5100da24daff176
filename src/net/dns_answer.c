/* SPDX-License-Identifier: ISC */

#include "net/dns_answer.h"

#include <stdio.h>
#include <string.h>

#include <ares.h>

enum
{
	CLASS_IN = 1,
	HEADER = 12,
	RECORD_HEADER = 10,             /* type, class, time to live, length */
	POINTER = 0xc0,
	POINTER_TO = 0x3fff,            /* where it leads: the rest of its two bytes */
	PREFERENCE = 2,                 /* in front of the name in an MX record */
};

static unsigned int get16(unsigned char const *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

/* The position behind the name at pos, or 0 when it does not end within n. A pointer leads back, if only to the
 * header: a packet with another one is damaged. */
static size_t skip_name(unsigned char const *s, size_t n, size_t pos)
{
	while (pos < n) {
		unsigned int c = s[pos];

		if (c == 0)
			return pos + 1;
		if ((c & POINTER) == POINTER)
			return pos + 2 <= n && (get16(s + pos) & POINTER_TO) < pos ? pos + 2 : 0;
		if (c & POINTER)
			return 0;
		pos += 1 + c;
	}
	return 0;
}

/* The records of an answer, one after another. */
typedef struct walk
{
	unsigned char const *s;
	size_t n;
	size_t pos;
	unsigned int left;
	unsigned int type;              /* 0 for other classes than IN */
	size_t data;
	size_t datalen;
} walk;

static int walk_start(walk *w, unsigned char const *s, size_t n)
{
	unsigned int questions;

	if (n < HEADER)
		return 0;
	w->s = s;
	w->n = n;
	w->pos = HEADER;
	w->left = get16(s + 6);
	for (questions = get16(s + 4); questions > 0; questions--) {
		w->pos = skip_name(s, n, w->pos);
		if (w->pos == 0 || n - w->pos < 4)
			return 0;
		w->pos += 4;
	}
	return 1;
}

/* 1: a record, 0: no more of them, -1: damaged. */
static int walk_next(walk *w)
{
	if (w->left == 0)
		return 0;
	w->left--;
	w->pos = skip_name(w->s, w->n, w->pos);
	if (w->pos == 0 || w->n - w->pos < RECORD_HEADER)
		return -1;
	w->type = get16(w->s + w->pos + 2) == CLASS_IN ? get16(w->s + w->pos) : 0;
	w->datalen = get16(w->s + w->pos + 8);
	w->data = w->pos + RECORD_HEADER;
	if (w->datalen > w->n - w->data)
		return -1;
	w->pos = w->data + w->datalen;
	return 1;
}

/* The name that the data of the current record ends with, behind so many bytes. */
static int read_name(char name[DNS_NAME_MAX], walk const *w, size_t behind)
{
	char *expanded;
	long taken;
	size_t len;

	if (w->datalen <= behind
	 || ares_expand_name(w->s + w->data + behind, w->s, (int)w->n, &expanded, &taken) != ARES_SUCCESS)
		return 0;
	len = strlen(expanded);
	if (taken <= 0 || (size_t)taken != w->datalen - behind || len >= DNS_NAME_MAX)
		len = DNS_NAME_MAX;
	else
		memcpy(name, expanded, len + 1);
	ares_free_string(expanded);
	return len < DNS_NAME_MAX;
}

/* Keeps *x in order and no longer than it may be: what falls off the end is what would be tried last. */
static void add_exchanger(dns_exchangers *x, dns_exchanger const *e)
{
	size_t at = x->n;

	while (at > 0 && x->x[at - 1].preference > e->preference)
		at--;
	if (at == DNS_EXCHANGERS_MAX)
		return;
	if (x->n < DNS_EXCHANGERS_MAX)
		x->n++;
	memmove(x->x + at + 1, x->x + at, (x->n - at - 1) * sizeof x->x[0]);
	x->x[at] = *e;
}

int dns_read_exchangers(dns_exchangers *x, unsigned char const *answer, size_t n)
{
	walk w;
	int r;

	x->n = 0;
	if (!walk_start(&w, answer, n))
		return 0;
	while ((r = walk_next(&w)) > 0)
		if (w.type == DNS_TYPE_MX) {
			dns_exchanger e;

			if (!read_name(e.name, &w, PREFERENCE))
				return 0;
			e.preference = get16(answer + w.data);
			add_exchanger(x, &e);
		}
	return r == 0;
}

int dns_read_pointer(char name[DNS_NAME_MAX], unsigned char const *answer, size_t n)
{
	walk w;
	int r;

	name[0] = 0;
	if (!walk_start(&w, answer, n))
		return 0;
	while ((r = walk_next(&w)) > 0)
		if (w.type == DNS_TYPE_PTR && !name[0] && !read_name(name, &w, 0))
			return 0;
	return r == 0;
}

void dns_reverse(char s[DNS_REVERSE_FMT], ip_address const *ip)
{
	static char const digits[] = "0123456789abcdef";
	size_t i = ip->len;

	if (ip->len == 4) {
		unsigned char const *b = ip->bytes;

		snprintf(s, DNS_REVERSE_FMT, "%u.%u.%u.%u.in-addr.arpa", b[3], b[2], b[1], b[0]);
		return;
	}
	while (i-- > 0) {
		*s++ = digits[ip->bytes[i] & 15];
		*s++ = '.';
		*s++ = digits[ip->bytes[i] >> 4];
		*s++ = '.';
	}
	memcpy(s, "ip6.arpa", sizeof "ip6.arpa");
}

void dns_add_address(dns_list *l, ip_address const *ip, unsigned int preference, uint32_t rank)
{
	if (l->n < DNS_ADDRESSES_MAX)
		l->a[l->n++] = (dns_address){ .ip = *ip, .preference = preference, .rank = rank };
}

int dns_read_addresses(dns_list *l, unsigned char const *answer, size_t n, unsigned int type,
	unsigned int preference, uint32_t rank)
{
	size_t const len = type == DNS_TYPE_A ? 4 : 16;
	walk w;
	int r;

	if (!walk_start(&w, answer, n))
		return 0;
	while ((r = walk_next(&w)) > 0)
		if (w.type == type) {
			ip_address ip;

			if (w.datalen != len)
				return 0;
			ip_set(&ip, answer + w.data, len);
			dns_add_address(l, &ip, preference, rank);
		}
	return r == 0;
}

static int less(dns_address const *a, dns_address const *b)
{
	return a->preference != b->preference ? a->preference < b->preference : a->rank < b->rank;
}

/* By insertion: few, and equal ones keep the order the server gave them. */
static void sort_by_rank(dns_list *l)
{
	size_t i;

	for (i = 1; i < l->n; i++) {
		dns_address x = l->a[i];
		size_t at = i;

		for (; at > 0 && less(&x, &l->a[at - 1]); at--)
			l->a[at] = l->a[at - 1];
		l->a[at] = x;
	}
}

/* The first of a[0..n) from i on that has this length, or n. */
static size_t next_of(dns_address const *a, size_t n, size_t i, unsigned int len)
{
	while (i < n && a[i].ip.len != len)
		i++;
	return i;
}

static void alternate(dns_address *a, size_t n)
{
	dns_address sorted[DNS_ADDRESSES_MAX];
	size_t v4 = next_of(a, n, 0, 4);
	size_t v6 = next_of(a, n, 0, 16);
	size_t k = 0;

	while (k < n) {
		if (v4 < n) {
			sorted[k++] = a[v4];
			v4 = next_of(a, n, v4 + 1, 4);
		}
		if (v6 < n) {
			sorted[k++] = a[v6];
			v6 = next_of(a, n, v6 + 1, 16);
		}
	}
	memcpy(a, sorted, n * sizeof a[0]);
}

void dns_sort(dns_list *l)
{
	size_t start = 0;
	size_t end;

	sort_by_rank(l);
	for (; start < l->n; start = end) {
		for (end = start; end < l->n && l->a[end].preference == l->a[start].preference; end++)
			;
		alternate(l->a + start, end - start);
	}
}
