/* SPDX-License-Identifier: ISC */

#ifndef NET_DNS_H
#define NET_DNS_H

#include <stddef.h>
#include <stdint.h>

#include "net/ip.h"

/* Where mail for a host goes, from the domain name system.
 *
 * Questions are asked of the servers in /etc/resolv.conf, for the exact name: no search list, no
 * /etc/hosts. Answers too large for UDP are asked for over TCP. IPv4 and IPv6 addresses are asked for side
 * by side. Everything is bounded: the exchangers and addresses used, and the time of a whole look-up. */
enum
{
	DNS_EXCHANGERS_MAX = 32,        /* of more, those with the lowest preference values are used */
	DNS_ADDRESSES_MAX = 256,
	DNS_NAME_MAX = 1025,            /* 255 bytes, each perhaps written \ddd, and a NUL */
	DNS_SECONDS = 75,               /* for all questions of one look-up */
};

typedef enum
{
	DNS_FOUND,              /* there is at least one address */
	DNS_NOHOST,             /* no such name, or it has neither exchangers nor addresses: permanent */
	DNS_NOADDRESS,          /* exchangers, or an alias, but no address behind them: permanent */
	DNS_SOFT,               /* could not be found out now */
	DNS_NOMEM,
} dns_status;

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

/* dns_exchange: the addresses of the mail exchangers of host (NUL-terminated); of host itself, with
 * preference 0, when it has none. dns_addresses: those of host itself. *l is replaced and sorted; it is
 * empty unless DNS_FOUND is returned. host may be an address literal, and so may the name of an exchanger,
 * which then has preference 0. */
extern dns_status dns_exchange(dns_list *l, char const *host);
extern dns_status dns_addresses(dns_list *l, char const *host);

/* The parts below neither ask nor wait; they are here for the look-ups above and their tests. */

/* dns_read_exchangers, dns_read_addresses: what the records of one answer say, whatever their owner's name
 * (aliases are followed by the server). They return 0 when the packet is damaged. dns_read_addresses
 * appends to *l the A or AAAA records, as type (1 or 28) says, as long as there is room. */
extern int dns_read_exchangers(dns_exchangers *x, unsigned char const *answer, size_t n);
extern int dns_read_addresses(dns_list *l, unsigned char const *answer, size_t n, unsigned int type,
	unsigned int preference, uint32_t rank);

/* dns_sort: by preference; within one preference by rank, IPv4 and IPv6 in turn, IPv4 first: a host whose
 * IPv6 is not fit for sending mail goes on as before, and one that has only IPv6 is reached. */
extern void dns_sort(dns_list *l);

#endif
