/* SPDX-License-Identifier: ISC */

#ifndef PROTO_COMPILED_H
#define PROTO_COMPILED_H

#include <stddef.h>
#include <sys/stat.h>

#include "base/control.h"

/* control/locals.cdb, virtualdomains.cdb and rcpthosts.cdb: large lists in a form that costs less to read, or
 * nothing (rcpthosts). qmail-newcdb writes them, next to the texts, which remain what an administrator edits.
 *
 * key        NUL text, first
 * data       28 bytes: what the text was like: its size (8), the second (8) and nanosecond (4) it was written, and a
 *            checksum of these 20 bytes (8); each number low byte first, checksums are FNV-1a
 *
 * key        an entry, of a map what is before its colon, in lower case
 * data       of a map, what is behind the colon
 *
 * each key once, with the data that its last line has, and last
 *
 * key        NUL, which like the other one no line can have
 * data       8 bytes: a checksum of all records before this one
 *
 * Such a file counts when there is no text; else if it was made of the text as it is: that has the size and the time
 * in the first record, is not newer, and has not been touched (st_ctim) since the cdb was put in place. One without that
 * record, which another program has made, counts when it is newer in both ways. A text that is put back with an old
 * time has been touched: so a table that is out of date is not used, at worst one that is not. */

typedef enum compiled_source
{
	COMPILED_TEXT,
	COMPILED_CDB,
	COMPILED_DAMAGED,       /* the cdb should count, and cannot be used: the text was read */
} compiled_source;

/* compiled_name: "X.cdb" for the name of a text, static. */
extern char const *compiled_name(char const *file);

/* compiled_open: the cdb of file if it counts: a descriptor, or -1 with errno: ENOENT, it does not count. Costs a call
 * where there is no cdb, and four where there is one. */
extern int compiled_open(char const *file);

/* compiled_readlist: as control_readlist for the text or the cdb, whichever counts. sep is ':' for a map and 0 for a
 * set. Entries that come from a cdb have the line number 0. A cdb that is damaged gives way to the text; without
 * one it is CONTROL_ERROR (EPROTO). */
extern control_status compiled_readlist(control_list *l, char const *file, int use_me, char sep, compiled_source *from);

/* compiled_write: the entries of a text, which was like that when they were read, as a cdb, to the descriptor of an empty
 * file. 1, or 0 with errno. */
extern int compiled_write(int fd, control_list const *l, char sep, struct stat const *text);

#endif
