/* SPDX-License-Identifier: ISC */

#ifndef NET_DNS_ANSWER_H
#define NET_DNS_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "net/ip.h"

/* What the answers of name servers say about where mail goes, and about where it comes from. Nothing here asks or waits; the bytes may
 * come from anybody. Whatever an answer holds, no more than this is kept of it. */
enum
{
	DNS_EXCHANGERS_MAX = 32,        /* of more, those with the lowest preference values */
	DNS_ADDRESSES_MAX = 256,
	DNS_NAME_MAX = 1025,            /* 255 bytes, each perhaps written \ddd, and a NUL */
	DNS_REVERSE_FMT = 73,           /* 32 digits with dots, ip6.arpa, and a NUL */
	DNS_TYPE_A = 1,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_MX = 15,
	DNS_TYPE_AAAA = 28,
};

typedef struct dns_address
{
	ip_address ip;
	unsigned int preference;
	uint32_t rank;          /* order of the exchangers of one preference: random, as RFC 5321 5.1 asks */
} dns_address;

typedef struct dns_list
{
	dns_address a[DNS_ADDRESSES_MAX];
	size_t n;
} dns_list;

typedef struct dns_exchanger
{
	char name[DNS_NAME_MAX];        /* empty: the root, which RFC 7505 uses for "takes no mail" */
	unsigned int preference;
} dns_exchanger;

typedef struct dns_exchangers
{
	dns_exchanger x[DNS_EXCHANGERS_MAX];    /* in order of preference */
	size_t n;
} dns_exchangers;

/* dns_read_exchangers: the MX records of one answer, into *x. dns_read_addresses: its A or AAAA records, as
 * type says, appended to *l as long as there is room. Both take records whatever their owner's name: aliases
 * are followed by the server. They return 0 when the packet is damaged. */
extern int dns_read_exchangers(dns_exchangers *x, unsigned char const *answer, size_t n);
extern int dns_read_addresses(dns_list *l, unsigned char const *answer, size_t n, unsigned int type,
	unsigned int preference, uint32_t rank);

/* dns_read_pointer: the name in the first PTR record of an answer; the empty string if there is none. 0 when the
 * packet is damaged. dns_reverse: the name that has the PTR records of an address, into s. */
extern int dns_read_pointer(char name[DNS_NAME_MAX], unsigned char const *answer, size_t n);
extern void dns_reverse(char s[DNS_REVERSE_FMT], ip_address const *ip);

/* dns_add_address: one more for *l, if there is room. */
extern void dns_add_address(dns_list *l, ip_address const *ip, unsigned int preference, uint32_t rank);

/* dns_sort: by preference; within one preference by rank, IPv4 and IPv6 in turn, IPv4 first: a host whose
 * IPv6 is not fit for sending mail goes on as before, and one that has only IPv6 is reached. */
extern void dns_sort(dns_list *l);

#endif
