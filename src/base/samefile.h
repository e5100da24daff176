/* SPDX-License-Identifier: ISC */

#ifndef BASE_SAMEFILE_H
#define BASE_SAMEFILE_H

#include <sys/stat.h>
#include <time.h>

/* Whether what two looks have shown is the same.
 *
 * samefile_is: the same file. samefile_unchanged: that, and it was not written to nor changed in any other way that its
 * times show. samefile_time: the same time, to the nanosecond. */
extern int samefile_is(struct stat const *a, struct stat const *b);
extern int samefile_unchanged(struct stat const *a, struct stat const *b);
extern int samefile_time(struct timespec a, struct timespec b);

/* samefile_named: whether fd is what name stands for, and not what a symbolic link of that name leads to: 1, 0, or -1
 * with errno. */
extern int samefile_named(int fd, char const *name);

#endif
