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

/* ipme_load: 0.0.0.0, ::, 127.0.0.1, ::1 and the addresses of every interface that is up, replacing what
 * was in *me. 1, or 0 with errno. */
extern int ipme_load(ipme *me);

/* ipme_add: one more address of len bytes (4 or 16, network order). 1, or 0 with errno. */
extern int ipme_add(ipme *me, unsigned char const *address, size_t len);

/* ipme_has: whether the address of len bytes (4 or 16, network order) is ours; an IPv4 address of ours in
 * its IPv6-mapped form is. The rest of 127/8 is not, unless an interface has it: hosts that keep a
 * second mail system on 127.0.0.2 route mail to it. */
extern int ipme_has(ipme const *me, unsigned char const *address, size_t len);

extern void ipme_free(ipme *me);

#endif
