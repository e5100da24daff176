/* SPDX-License-Identifier: ISC */

#ifndef LOCAL_DELIVERY_H
#define LOCAL_DELIVERY_H

#include <stddef.h>
#include <stdint.h>

#include <skalibs/stralloc.h>

#include "outcome.h"

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

/* The message is on descriptor 0, a file. delivery_rewind: read it from its start again.
 * delivery_read: some of it, at most n bytes; 0 at its end, -1 with errno. */
extern int delivery_rewind(outcome *o);
extern ssize_t delivery_read(char *buf, size_t n);

#endif
