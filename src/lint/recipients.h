/* SPDX-License-Identifier: ISC */

#ifndef LINT_RECIPIENTS_H
#define LINT_RECIPIENTS_H

#include "findings.h"
#include "setup.h"

/* recipients_check: control/recipients: its lines, the tables and programs that they name, looked at as qmaild, and the
 * domains that it has forgotten. With domains_only: only that. */
extern void recipients_check(setup const *s, findings *f);

#endif
