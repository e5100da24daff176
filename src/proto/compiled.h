/* SPDX-License-Identifier: ISC */

#ifndef PROTO_COMPILED_H
#define PROTO_COMPILED_H

#include <stddef.h>

#include "base/control.h"

/* control/locals.cdb, virtualdomains.cdb and rcpthosts.cdb: large lists in a form that costs less to read, or
 * nothing (rcpthosts). qmail-newcdb writes them, next to the texts, which remain what an administrator edits.
 *
 * key        an entry, of a map what is before its colon, in lower case
 * data       of a map, what is behind the colon
 *
 * each key once, with the data that its last line has, and last
 *
 * key        one NUL, which no line can have
 * data       8 bytes: a checksum of all records before this one, low byte first (FNV-1a)
 *
 * Such a file counts when it is newer than its text, or when there is no text. */

typedef enum compiled_source
{
	COMPILED_TEXT,
	COMPILED_CDB,
	COMPILED_DAMAGED,       /* the cdb should count, and cannot be used: the text was read */
} compiled_source;

/* compiled_name: "X.cdb" for the name of a text, static. */
extern char const *compiled_name(char const *file);

/* compiled_open: the cdb of file if it counts: a descriptor, or -1 with errno: ENOENT, it does not count. */
extern int compiled_open(char const *file);

/* compiled_readlist: as control_readlist for the text or the cdb, whichever counts. sep is ':' for a map and 0 for a
 * set. Entries that come from a cdb have the line number 0. A cdb that is damaged gives way to the text; without
 * one it is CONTROL_ERROR (EPROTO). */
extern control_status compiled_readlist(control_list *l, char const *file, int use_me, char sep, compiled_source *from);

/* compiled_write: the entries of a text as a cdb, to the descriptor of an empty file. 1, or 0 with errno. */
extern int compiled_write(int fd, control_list const *l, char sep);

#endif
