/* SPDX-License-Identifier: ISC */

#ifndef BASE_ERRTEMP_H
#define BASE_ERRTEMP_H

/* errtemp: whether an error number is of the kind that may be over later: lack of memory, descriptors,
 * processes or disk, a device or network in trouble. What fails so is deferred, not refused. 0 for 0.
 * (skalibs' error_temp knows neither EMFILE nor 0.) */
extern int errtemp(int e);

/* errtemp_exec: the same for a program that could not be run. One that is not there or not whole counts as
 * temporary, too: it is being replaced, or a mistake of the admin's, and mail can wait for either. */
extern int errtemp_exec(int e);

#endif
