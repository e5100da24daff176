/* SPDX-License-Identifier: ISC */

#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stddef.h>

#include <cdb.h>

/* Looking a key up in a constant database that may be damaged.
 *
 * A database has no checksum, and a byte that is wrong in the right place makes a key of it disappear: mail for
 * somebody who is there would bounce. So where a key is not found, the places it could have been at are looked
 * through for signs that they are not what a cdbmake has written: the 256 hash tables stand one behind the other at
 * the end of the file and are half empty; where the search went, each slot has the hash of the key it points to.
 * Damage to data goes unnoticed: who reads them judges them.
 *
 * table_find: as cdb_find: 1 found, 0 there is no such key, -1 with errno (EPROTO when the file is damaged): callers
 * defer. */
extern int table_find(struct cdb *c, char const *key, size_t n);

#endif
