/* SPDX-License-Identifier: ISC */

#ifndef EXPLAIN_FALLBACK_H
#define EXPLAIN_FALLBACK_H

#include <skalibs/stralloc.h>

/* The default delivery instructions, NUL-terminated. */
typedef struct fallback
{
	stralloc text;          /* empty: unknown */
	char const *file;       /* where they stand; null: an argument of the qmail-lspawn that runs */
} fallback;

/* fallback_load: those of the qmail-lspawn of this installation, if one runs and we are root; else those that
 * qmail-start would take from control/defaultdelivery. 0 when out of memory. */
extern int fallback_load(fallback *f);

#endif
