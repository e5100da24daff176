/* SPDX-License-Identifier: ISC */

#ifndef LINT_VALUES_H
#define LINT_VALUES_H

#include "findings.h"

/* What stands behind the colon in a control file that is a map. */

/* values_check: the value (NUL-terminated) in line line of a file, named without control/. */
extern void values_check(findings *f, char const *name, char const *path, size_t line, char const *value);

/* values_lost: what becomes of mail that a line without a colon was meant for. */
extern char const *values_lost(char const *name);

#endif
