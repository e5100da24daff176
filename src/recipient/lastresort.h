/* SPDX-License-Identifier: ISC */

#ifndef RECIPIENT_LASTRESORT_H
#define RECIPIENT_LASTRESORT_H

#include <skalibs/stralloc.h>

/* control/aliasfallback: mail for an address of a user who has no file for it goes to whoever gets the mail for
 * addresses that are nobody's (a line of users/assign for the empty prefix, or else alias), with the whole address as
 * the extension. qmail has no such rule. */

extern char const lastresort_file[];

/* lastresort_wanted: 1 or 0 by the number in the file, whose absence is 0; -1 with errno if it cannot be read. The
 * current directory is the home. */
extern int lastresort_wanted(void);

/* lastresort_user: as identify_user, the record of that user for local. */
extern int lastresort_user(stralloc *record, char const *local, int root, char const **source);

#endif
