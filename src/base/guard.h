/* SPDX-License-Identifier: ISC */

#ifndef BASE_GUARD_H
#define BASE_GUARD_H

/* A limit on our own memory, behind the limits on everything that we keep: qmail's older holes needed
 * gigabytes. It is for this process alone, not for the queue program or the filters in its place, so
 * it is lifted while one is started. A lower limit that the admin has set stays. Best effort. */

enum { GUARD_MEBIBYTES = 256 };

extern void guard_set(void);
extern void guard_lift(void);

#endif
