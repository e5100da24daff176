/* SPDX-License-Identifier: ISC */

#ifndef LINT_PATTERN_H
#define LINT_PATTERN_H

#include <stddef.h>

/* Entries of lists and maps that no domain and no address will ever be equal to. */

enum
{
	PATTERN_SUFFIX = 1,     /* what may stand there: a dot in front, for all names below */
	PATTERN_ADDRESS = 2,    /* box@domain */
	PATTERN_HOST = 4,       /* @domain */
	PATTERN_EMPTY = 8,
	PATTERN_STAR = 16,      /* * alone */
	PATTERN_LITERAL = 32,   /* [192.0.2.1] */
};

/* pattern_problem: why key[0..n) can never match, and *cure; null if it can. Constant texts. */
extern char const *pattern_problem(char const *key, size_t n, unsigned int allowed, char const **cure);

#endif
