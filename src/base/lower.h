/* SPDX-License-Identifier: ISC */

#ifndef BASE_LOWER_H
#define BASE_LOWER_H

#include <sys/resource.h>

/* What the C library calls the first argument of getrlimit. */
#ifdef __GLIBC__
typedef __rlimit_resource_t lower_resource;
#else
typedef int lower_resource;
#endif

/* lower_limit: soft and hard limit of a resource are max from now on, or what they were if that is lower.
 * 1, or 0 with errno. lower_soft: the soft limit alone, for a process whose children shall have what they
 * always had; *before is what there was. */
extern int lower_limit(int resource, rlim_t max);
extern int lower_soft(int resource, rlim_t max, struct rlimit *before);

#endif
