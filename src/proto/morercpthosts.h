/* SPDX-License-Identifier: ISC */

#ifndef PROTO_MORERCPTHOSTS_H
#define PROTO_MORERCPTHOSTS_H

#include <stddef.h>

#include <cdb.h>

/* control/morercpthosts.cdb, which qmail-newmrh writes and qmail-smtpd and qmail-qmtpd read: the hosts we take
 * mail for that are too many for control/rcpthosts.
 *
 * key        a host, or a dot and a domain, in lower case
 * data       empty */

extern char const MORERCPTHOSTS_FILE[];         /* relative to the home */

typedef struct morercpthosts
{
	int fd;                 /* -1: there is no such file */
	int mapped;
	struct cdb cdb;
} morercpthosts;
#define MORERCPTHOSTS_ZERO { .fd = -1 }

/* morercpthosts_open: open the file in the current directory; that there is none is fine. It is mapped when
 * it is needed. 1, or 0 with errno. */
extern int morercpthosts_open(morercpthosts *m);

/* morercpthosts_find: whether key[0..n), in lower case, is listed: 1, 0, or -1 with errno if the file is
 * damaged, which must never read as "not listed": that would bounce mail that is ours. data is a
 * morercpthosts; the type fits rcpthosts_lookup. */
extern int morercpthosts_find(void *data, char const *key, size_t n);

extern void morercpthosts_free(morercpthosts *m);

#endif
