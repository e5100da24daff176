/* SPDX-License-Identifier: ISC */

#ifndef RCPTD_SIGN_H
#define RCPTD_SIGN_H

#include <stdint.h>
#include <sys/types.h>

/* What qmail-send knows of the control files that tables are made of. It sets the time of queue/lock/sendmutex to when
 * it began to read those in use (qmail-send(8)); what has changed since then says something else than it does. The part
 * that is root asks, as nobody else may enter that directory. */

/* sign_covers: whether qmail-send has read all of them as they are now. 0: somebody may be there by those that it goes by;
 * which file is the cause is said on descriptor 2, once. Where it gives no sign, as programs of another make do, or
 * there is nothing to be found out: 1. The first call, before any is relied upon, remembers which files there are: one
 * that is gone since counts as changed. now is milliseconds on a clock that nobody sets. */
extern int sign_covers(int64_t now);

/* sign_lock_owner: whose lock a line of /proc/locks tells of, if it is a flock for writing on that inode; 0: it is none.
 * *same: and the device is the same (that of some file systems has another number there). */
extern pid_t sign_lock_owner(char const *line, dev_t dev, ino_t ino, int *same);

#endif
