/* SPDX-License-Identifier: ISC */

#ifndef NET_DNS_H
#define NET_DNS_H

#include "net/dns_answer.h"

/* Where mail for a host goes, and what an address is called, from the domain name system.
 *
 * Questions are asked of the servers in /etc/resolv.conf, for the exact name: no search list, no
 * /etc/hosts. Answers too large for UDP are asked for over TCP. IPv4 and IPv6 addresses are asked for side
 * by side. All questions of one look-up together end after DNS_SECONDS. */
enum { DNS_SECONDS = 75 };

typedef enum
{
	DNS_FOUND,              /* there is at least one address */
	DNS_NOHOST,             /* no such name, or it has neither exchangers nor addresses: permanent */
	DNS_NOADDRESS,          /* exchangers, or an alias, but no address behind them: permanent */
	DNS_SOFT,               /* could not be found out now */
	DNS_NOMEM,
} dns_status;

/* dns_exchange: the addresses of the mail exchangers of host (NUL-terminated); of host itself, with
 * preference 0, when it has none. dns_addresses: those of host itself. *l is replaced and sorted; it is
 * empty unless DNS_FOUND is returned. host may be an address literal, and so may the name of an exchanger,
 * which then has preference 0; what else starts with a bracket is no host, and nobody is asked for it. */
extern dns_status dns_exchange(dns_list *l, char const *host);
extern dns_status dns_addresses(dns_list *l, char const *host);

/* dns_explain: dns_exchange, and the exchangers themselves into *x: none where host is asked instead of them.
 * dns_exchanger_of: the name of the one that an address of that list belongs to; null if it is of none. */
extern dns_status dns_explain(dns_list *l, dns_exchangers *x, char const *host);
extern char const *dns_exchanger_of(dns_exchangers const *x, dns_address const *a);

/* dns_name: the name of an address (the first one, if it has several), without a final dot. FOUND, NOHOST if it
 * has none, SOFT or NOMEM. Whoever owns the address may call it anything. */
extern dns_status dns_name(char name[DNS_NAME_MAX], ip_address const *ip);

#endif
