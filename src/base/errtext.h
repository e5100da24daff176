/* SPDX-License-Identifier: ISC */

#ifndef BASE_ERRTEXT_H
#define BASE_ERRTEXT_H

/* errtext: an error number in the words that qmail's reports and lists have always used, for output that
 * scripts compare ("file does not exist", "access denied"). Numbers without such words get the system's.
 * Diagnostics for people go through skalibs' strerr and need none of this. */
extern char const *errtext(int e);

#endif
