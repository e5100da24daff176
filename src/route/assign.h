/* SPDX-License-Identifier: ISC */

#ifndef ROUTE_ASSIGN_H
#define ROUTE_ASSIGN_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* Who controls a local address, by users/cdb (qmail-users(5)): the address itself, then its prefixes,
 * longest first, then the empty prefix. Case does not count, except that what is left of the address
 * behind a prefix goes into the extension as it was written. */

/* assign_find: how a table is asked for a key. 1 and *data (valid until the next call), 0 when it has no
 * such key, -1 when the table is damaged. */
typedef int assign_find(void *table, char const *key, size_t n, char const **data, size_t *datalen);

/* assign_cdb: the assign_find of a struct cdb that cdb_init has taken. */
extern assign_find assign_cdb;

typedef enum
{
	ASSIGN_NOMEM = -2,
	ASSIGN_DAMAGED = -1,            /* never "no such user": callers defer */
	ASSIGN_NONE = 0,                /* the table has no answer: qmail-getpw is asked */
	ASSIGN_FOUND = 1,
} assign_status;

/* assign_lookup: look local[0..n) up. When found, *record is replaced by the record with the rest of the
 * address appended to its extension and a final NUL: what users_record_parse takes. local has no NUL. */
extern assign_status assign_lookup(assign_find *find, void *table, char const *local, size_t n, stralloc *record);

#endif
