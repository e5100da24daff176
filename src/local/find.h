/* SPDX-License-Identifier: ISC */

#ifndef LOCAL_FIND_H
#define LOCAL_FIND_H

#include "outcome.h"
#include "route/delivery.h"

/* The .qmail file for an address, looked for in the current directory, which is the home. */
typedef struct instructions
{
	stralloc file;          /* its name, NUL-terminated; empty if there is none */
	stralloc text;
	int forward_only;       /* the file has its owner's x bit set */
	char const *default_part;       /* $DEFAULT: points into d->ext; null if unset */
} instructions;
#define INSTRUCTIONS_ZERO { .file = STRALLOC_ZERO, .text = STRALLOC_ZERO, .forward_only = 0, .default_part = 0 }

/* find_home: enter d->home and see that its owner can trust it. A sticky home
 * defers; with sticky_ok only *sticky is set. */
extern int find_home(outcome *o, delivery const *d, int sticky_ok, int *sticky);

/* find_instructions: the text of the file for d, or d->fallback if there is none (or an empty one) and
 * the address has no extension. find_newsender: the sender of forwards, into d->newsender.
 * All three return 1, or 0 with *o set. */
extern int find_instructions(outcome *o, delivery const *d, instructions *i);
extern int find_newsender(outcome *o, delivery *d);

#endif
