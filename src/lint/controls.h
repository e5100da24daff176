/* SPDX-License-Identifier: ISC */

#ifndef LINT_CONTROLS_H
#define LINT_CONTROLS_H

#include "findings.h"

/* Each control file by itself: whether it can be read by those who need it, and by nobody who should not write it; and
 * what in its text is no entry, or not the one it looks like. The table of them is in controls.c, the only one here; a
 * test compares it with qmail-control(5). */

/* controls_check: all files in control/. The current directory is the home. */
extern void controls_check(findings *f);

#endif
