/* SPDX-License-Identifier: ISC */

#ifndef LINT_PEOPLE_H
#define LINT_PEOPLE_H

#include "findings.h"
#include "setup.h"

/* people_check: the accounts that get mail, alias's files, and those who must be somebody: postmaster, and who
 * gets double bounces. */
extern void people_check(setup const *s, findings *f);

#endif
