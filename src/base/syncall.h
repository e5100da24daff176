/* SPDX-License-Identifier: ISC */

#ifndef BASE_SYNCALL_H
#define BASE_SYNCALL_H

#include <stddef.h>
#include <stdint.h>

/* Many files and their names made durable by one flush of their file system. It also waits for everything else that
 * anybody has written there: so it is for many files, and for when little waits. */
enum { SYNCALL_LITTLE = 32 << 10 };     /* kilobytes: a tenth of a second, more or less */

/* syncall_open: open what the kernel tells of that; before a sandbox. Without it nothing is ever cheap. */
extern void syncall_open(void);

/* syncall_is_cheap: whether no more than SYNCALL_LITTLE waits to be written now, on all disks together, and the kernel
 * is one whose flush tells of failed writes. 0 also when that cannot be known. */
extern int syncall_is_cheap(void);

/* syncall: everything on the file system of fd is on disk. 1, or 0 with errno: then something that was written there
 * since fd was opened, anybody's, may be lost; as in sync.h it is not called again for the same files. */
extern int syncall(int fd);

/* syncall_waiting: kilobytes that wait, by s[0..n), the text of /proc/meminfo; UINT64_MAX if it does not say. */
extern uint64_t syncall_waiting(char const *s, size_t n);

/* syncall_tells: whether a kernel of this release (as of uname(2)) is one whose flush tells of failed writes: 5.8. */
extern int syncall_tells(char const *release);

#endif
