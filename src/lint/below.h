/* SPDX-License-Identifier: ISC */

#ifndef LINT_BELOW_H
#define LINT_BELOW_H

#include "base/constmap.h"

/* The names of a map in the order of their ends, so that those below a suffix are found without looking at all: a file
 * of a hundred thousand suffixes is compared with one of as many names. */
typedef struct below_name
{
	constmap_entry const *e;
} below_name;

typedef struct below
{
	below_name *names;
	size_t n;
} below;
#define BELOW_ZERO { .names = 0, .n = 0 }

/* below_make: of m, which has to outlive it. 1, or 0 with errno (no memory): then nobody is below anything. What was
 * in *b must have been freed. */
extern int below_make(below *b, constmap const *m);

/* below_has: whether a name ends with suffix[0..n), without regard to case, and is longer. */
extern int below_has(below const *b, char const *suffix, size_t n);

extern void below_free(below *b);

#endif
