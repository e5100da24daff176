/* SPDX-License-Identifier: ISC */

#ifndef EXPLAIN_INSTRUCTIONS_H
#define EXPLAIN_INSTRUCTIONS_H

#include <skalibs/stralloc.h>

#include "steps.h"

typedef struct instructions_source
{
	char const *file;       /* where the text stands; null: nowhere */
	stralloc text;
	int forward_only;
	int unknown;            /* default instructions that we do not know */
	int own;                /* we are the user: what we cannot write to he cannot */
} instructions_source;
#define INSTRUCTIONS_SOURCE_ZERO { .file = 0, .text = STRALLOC_ZERO, .forward_only = 0, .unknown = 0, .own = 0 }

/* instructions_read: the text of the file. 0 with errno: EFBIG for one that qmail-local does not take. */
extern int instructions_read(instructions_source *i, int fd);

/* instructions_default: the default instructions in place of a file that is empty (or not there). */
extern void instructions_default(steps *s, instructions_source *i, char const *text, char const *file, int empty);

/* instructions_explain: line by line; *s gets the result. The current directory is the home. */
extern void instructions_explain(steps *s, instructions_source const *i);

#endif
