/* SPDX-License-Identifier: ISC */

#ifndef BASE_GUARD_H
#define BASE_GUARD_H

/* Limits on our own memory, descriptors and core, behind the limits on everything that we keep: qmail's older
 * holes needed gigabytes. They are for this process alone, not for the queue program or the filters in its
 * place, so they are lifted while one is started. Lower limits that the admin has set stay. Best effort. */

enum { GUARD_MEBIBYTES = 256, GUARD_FILES = 64 };

extern void guard_set(void);
extern void guard_lift(void);

#endif
