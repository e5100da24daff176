/* SPDX-License-Identifier: ISC */

#ifndef PROTO_HOSTS_H
#define PROTO_HOSTS_H

#include <stddef.h>

#include <cdb.h>
#include <skalibs/stralloc.h>

#include "base/constmap.h"

/* The hosts that qmail-smtpd and qmail-qmtpd take mail for: control/rcpthosts, and those too many for it in
 * control/morercpthosts.cdb, which qmail-newmrh writes. route/rcpthosts.h says how they are looked up.
 *
 * key        a host, or a dot and a domain, in lower case
 * data       empty
 *
 * A control/rcpthosts.cdb that counts (proto/compiled.h) is looked into instead of the text, which is not read. */
typedef struct hosts_table
{
	int fd;                 /* the cdb, or -1 */
	int mapped;
	struct cdb cdb;
} hosts_table;

typedef struct hosts
{
	int present;            /* there is control/rcpthosts; if not, mail for all hosts is taken */
	control_list list;
	constmap few;           /* over list */
	hosts_table compiled;   /* instead of list */
	hosts_table more;
	int broken;             /* errno: rcpthosts.cdb cannot be used, and there is no text */
	char const *damaged;    /* for hosts_damaged */
	stralloc *notes;
} hosts;
#define HOSTS_ZERO { .compiled = { .fd = -1 }, .more = { .fd = -1 } }

/* hosts_load: read the list or open its cdb, and open the other cdb if there is one; they are mapped when they are
 * needed. 1, or 0 if one cannot be read. Mistakes and reasons go into notes (base/notes.h), also later: notes lives
 * as long as *h. A rcpthosts.cdb that proves to be damaged gives way to the text. */
extern int hosts_load(hosts *h, stralloc *notes);

/* hosts_more: whether key[0..n), in lower case, is in the cdb: 1, 0, or -1 with errno if that is damaged, which
 * must never read as "not listed": it would bounce mail that is ours. data is a hosts; the function is a
 * rcpthosts_lookup. hosts_damaged: a note of it, errno as hosts_more has left it. */
extern int hosts_more(void *data, char const *key, size_t n);
extern void hosts_damaged(hosts const *h);

extern void hosts_free(hosts *h);

#endif
