/* SPDX-License-Identifier: ISC */

#ifndef INSTALL_PLACE_H
#define INSTALL_PLACE_H

#include <sys/types.h>

#include "hier.h"

/* Who shall own what is placed. A null place_ids lays things out without owners (not root, DESTDIR). */
typedef struct place_ids
{
	uid_t uid;
	gid_t gid;
} place_ids;

typedef enum
{
	PLACE_ERROR = -1,       /* errno; EMLINK: a lock file with a second name */
	PLACE_KEPT,             /* was there and right; owner and mode perhaps mended */
	PLACE_MADE,             /* new, or a file replaced by another text */
	PLACE_LINK,             /* a file that the administrator made a symbolic link: left alone */
} place_result;

/* place_entry: make one entry of the table true below the directory home.
 *
 * A file appears under its name whole, with owner, mode and contents on disk, or not at all; a program
 * that is running is replaced without disturbing it. A file that is right already is not written. Lock files
 * keep their contents and their inode. The caller makes the new names durable at the end. */
extern place_result place_entry(int home, hier_entry const *e, place_ids const *ids);

#endif
