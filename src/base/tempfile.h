/* SPDX-License-Identifier: ISC */

#ifndef BASE_TEMPFILE_H
#define BASE_TEMPFILE_H

/* tempfile_open: a new, empty file for reading and writing that nobody else can open: it has no name, in /var/tmp or,
 * where that cannot be written to, /tmp, and is gone with its last descriptor however the program ends.
 * The descriptor, or -1 with errno. */
extern int tempfile_open(void);

#endif
