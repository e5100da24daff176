/* SPDX-License-Identifier: ISC */

#ifndef NET_IPME_H
#define NET_IPME_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* This host's own addresses. */
typedef struct ipme
{
	stralloc v4;    /* 4 bytes each */
	stralloc v6;    /* 16 bytes each */
} ipme;
#define IPME_ZERO { .v4 = STRALLOC_ZERO, .v6 = STRALLOC_ZERO }

/* ipme_load: 0.0.0.0, :: and the addresses of every interface that is up. 1, or 0 with errno. */
extern int ipme_load(ipme *me);

/* ipme_has: whether the address of len bytes (4 or 16, network order) is ours. All of 127/8 is, as are
 * ::1 and the IPv6-mapped form of an address of ours. */
extern int ipme_has(ipme const *me, unsigned char const *address, size_t len);

#endif
