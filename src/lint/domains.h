/* SPDX-License-Identifier: ISC */

#ifndef LINT_DOMAINS_H
#define LINT_DOMAINS_H

#include "findings.h"
#include "setup.h"

/* domains_check: whether locals, virtualdomains, rcpthosts and percenthack fit each other, and whether somebody is
 * behind each domain. */
extern void domains_check(setup *s, findings *f);

#endif
