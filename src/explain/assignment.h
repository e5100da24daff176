/* SPDX-License-Identifier: ISC */

#ifndef EXPLAIN_ASSIGNMENT_H
#define EXPLAIN_ASSIGNMENT_H

#include <skalibs/stralloc.h>

#include "steps.h"

typedef enum
{
	ASSIGNMENT_FOUND,       /* *record is what qmail-lspawn takes */
	ASSIGNMENT_NONE,        /* qmail-getpw is asked */
	ASSIGNMENT_OVER,        /* *s has the result */
} assignment_status;

/* assignment_explain: what users/cdb says about a local address (NUL-terminated), and which line of users/assign
 * that was; and where the two do not agree. The current directory is the home. */
extern assignment_status assignment_explain(steps *s, char const *local, stralloc *record);

#endif
