/* SPDX-License-Identifier: ISC */

#ifndef LINT_ALIAS_H
#define LINT_ALIAS_H

#include "findings.h"

/* alias_check: the account alias, and the .qmail files in its home, which are read as alias. */
extern void alias_check(findings *f);

#endif
