/* SPDX-License-Identifier: ISC */

#ifndef BASE_ERRTEMP_H
#define BASE_ERRTEMP_H

/* errtemp: whether an error number is of the kind that may be over later: lack of memory, descriptors,
 * processes or disk, a device or network in trouble. What fails so is deferred, not refused. 0 for 0.
 * (skalibs' error_temp knows neither EMFILE nor 0.) */
extern int errtemp(int e);

#endif
