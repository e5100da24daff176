/* SPDX-License-Identifier: ISC */

#ifndef NET_IP_H
#define NET_IP_H

#include <stddef.h>

/* An IPv4 or IPv6 address. */
typedef struct ip_address
{
	unsigned char len;              /* 4 or 16 */
	unsigned char bytes[16];        /* network order; those behind len are 0 */
} ip_address;

/* Room for any address as text, its NUL included. */
enum { IP_FMT = 46 };

/* ip_set: the address of len bytes (4 or 16, network order). An IPv6-mapped IPv4 address becomes the IPv4
 * address it stands for, so that no check can be passed by with it. */
extern void ip_set(ip_address *a, unsigned char const *bytes, size_t len);

/* ip_literal: whether s[0..n) is an address in full; if so, it goes into *a.
 *
 * 1.2.3.4, [1.2.3.4], [IPv6:2001:db8::1] (RFC 5321 4.1.3) and [2001:db8::1]. The numbers of an IPv4
 * address are decimal, with any number of zeros in front, and not over 255. */
extern int ip_literal(ip_address *a, char const *s, size_t n);

/* ip_misspelt: whether s[0..n) is written like an address, in brackets or of digits and dots alone, and is none. */
extern int ip_misspelt(char const *s, size_t n);

/* ip_format: the address as text with a final NUL; returns its length without the NUL. */
extern size_t ip_format(char s[IP_FMT], ip_address const *a);

#endif
