/* SPDX-License-Identifier: ISC */

#ifndef ROUTE_DELIVERY_H
#define ROUTE_DELIVERY_H

#include <stdint.h>

#include <skalibs/stralloc.h>

/* One message for one address: what the arguments said and what follows from them. */
typedef struct delivery
{
	char const *user;
	char const *home;
	char const *local;
	char const *dash;
	char const *ext;
	char const *host;
	char const *sender;
	char const *fallback;   /* instructions for an address without .qmail file */

	stralloc rpline;        /* these are NUL-terminated, the NUL not counted */
	stralloc dtline;
	stralloc ufline;
	stralloc newsender;
	stralloc safe;          /* ext as it stands in file names */
} delivery;
#define DELIVERY_ZERO { .rpline = STRALLOC_ZERO, .dtline = STRALLOC_ZERO, .ufline = STRALLOC_ZERO, \
	.newsender = STRALLOC_ZERO, .safe = STRALLOC_ZERO }

/* delivery_lines: fill rpline, dtline, ufline and safe. now is seconds since 1970. 0 when out of memory. */
extern int delivery_lines(delivery *d, int64_t now);

#endif
