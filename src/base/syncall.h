/* SPDX-License-Identifier: ISC */

#ifndef BASE_SYNCALL_H
#define BASE_SYNCALL_H

#include <stddef.h>
#include <stdint.h>

/* Many files and their names made durable by one flush of their file system, in place of one for each.
 *
 * It makes durable what is on the disk of this machine, and that is all that it can be trusted with: a file system in
 * user space, on another machine or above another one need not be asked by it at all, or need not answer. Those are
 * flushed file by file.
 *
 * It waits for everything else that anybody has written there: so it is for many files, and for when little waits. How
 * long that takes is known afterwards only; after a slow one there is none for a hundred times as long. */
enum { SYNCALL_LITTLE = 32 << 10 };     /* kilobytes */

typedef enum
{
	SYNCALL_UNTRIED = -1,   /* nothing was flushed and nothing lost: the system will not have it */
	SYNCALL_FAILED = 0,
	SYNCALL_DONE = 1,
} syncall_status;

/* syncall_open: open what the kernel tells of that; before a sandbox. Without it nothing is ever cheap. */
extern void syncall_open(void);

/* syncall_is_cheap: whether no more than SYNCALL_LITTLE waits to be written now, on all disks together, the file system
 * of fd is one to trust, the kernel is one whose flush tells of failed writes, and no flush before this one forbids it.
 * 0 also when that cannot be known. */
extern int syncall_is_cheap(int fd);

/* syncall: everything on the file system of fd is on disk. Data whose writing may fail has to be written out before
 * (sync_wait): not every failure is told here. SYNCALL_FAILED with errno: something that was written there since fd was
 * opened, anybody's, may be lost; as in sync.h it is not called again for the same files. As it may have been somebody
 * else's, and be so each time, there is none for an hour. */
extern syncall_status syncall(int fd);

/* syncall_rest: for how many milliseconds there is to be none after one that took so many; failed: and failed. */
extern int64_t syncall_rest(int64_t took, int failed);

/* syncall_waiting: kilobytes that wait, by s[0..n), the text of /proc/meminfo; UINT64_MAX if it does not say. */
extern uint64_t syncall_waiting(char const *s, size_t n);

/* syncall_tells: whether a kernel of this release (as of uname(2)) is one whose flush tells of failed writes, of
 * the journal's, too: 5.17. */
extern int syncall_tells(char const *release);

#endif
