/* SPDX-License-Identifier: ISC */

#ifndef BASE_NEWER_H
#define BASE_NEWER_H

#include <time.h>

/* newer_time: whether a is later than b. */
extern int newer_time(struct timespec a, struct timespec b);

/* newer_file: whether file has changed since other, which is made of it, was written, or other is not there at all.
 * 0 when there is no file, or when it cannot be told. Names are relative to the directory dir (AT_FDCWD). */
extern int newer_file(int dir, char const *file, char const *other);

#endif
