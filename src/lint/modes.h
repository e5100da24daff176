/* SPDX-License-Identifier: ISC */

#ifndef LINT_MODES_H
#define LINT_MODES_H

#include "findings.h"

/* modes_check: types, owners and modes of the tree, by the table that make setup goes by, of the programs, and of the
 * files in users/. The current directory is the home. */
extern void modes_check(findings *f);

#endif
