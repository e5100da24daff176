/* SPDX-License-Identifier: ISC */

#ifndef LINT_BASICS_H
#define LINT_BASICS_H

#include "findings.h"
#include "setup.h"

/* basics_check: what every installation needs: me, locals, rcpthosts. */
extern void basics_check(setup *s, findings *f);

#endif
