/* SPDX-License-Identifier: ISC */

#ifndef DOMAIN_EDIT_H
#define DOMAIN_EDIT_H

#include <skalibs/stralloc.h>

/* Changing a file that other programs read and change at the same time. */

typedef enum
{
	EDIT_TROUBLE = -1,      /* errno; the file may have been changed, or not be on disk yet */
	EDIT_SAME = 0,
	EDIT_DONE = 1,
	EDIT_REFUSED = 2,       /* by the edit_change, which knows why */
	EDIT_REMOVE = 3,        /* of an edit_change alone: the file is to be no more */
} edit_status;

/* An edit_change makes *after of *before, which is empty if the file is not present. It may be asked several times,
 * when somebody who does not lock has written to the file meanwhile. */
typedef edit_status edit_change(void *data, stralloc const *before, int present, stralloc *after);

/* edit_file: change a file, relative to the home.
 *
 * Under FILE.lock, by a write lock of fcntl(2) as vpopmail takes it; if FILE is a symbolic link what it leads to is
 * changed, under the lock of that, too. Readers see the old text or the new one, also after a power cut; owner, group
 * and mode stay. A new file has mode 0644. The new text is written
 * to .FILE.qmail-domain beside it; what one of us that was killed has left of that is removed. Waits half a minute for a lock: then EDIT_TROUBLE with ETIMEDOUT, and
 * edit_locker is the process that holds it, 0 if unknown. */
extern edit_status edit_file(char const *file, edit_change *change, void *data);
extern int edit_locker;

/* edit_lock: the lock of FILE.lock alone, which has mode 0600: whoever else may only read the directory cannot take
 * it. A descriptor that keeps it, or -1 as edit_file fails. */
extern int edit_lock(char const *file);

#endif
