/* SPDX-License-Identifier: ISC */

#ifndef BASE_SCRATCH_H
#define BASE_SCRATCH_H

/* scratch_open: open the file of that name to write a table to, which then takes its place by rename(2) while the
 * file is still open. It is empty, of mode 0644 whatever was there, and no symbolic link is followed.
 * Of several programs each waits until the one before it has renamed or removed its file and is gone, so what
 * the table is made of must be read behind this. The descriptor, or -1 with errno. */
extern int scratch_open(char const *name);

#endif
