/* SPDX-License-Identifier: ISC */

#ifndef LINT_COMPILED_H
#define LINT_COMPILED_H

#include "findings.h"
#include "setup.h"

/* Tables that count, and the texts they should have been made of. */

/* compiled_assign: users/cdb, for the text of users/assign. compiled_hosts: control/morercpthosts.cdb. */
extern void compiled_assign(findings *f, stralloc const *assign);
extern void compiled_hosts(findings *f, setup_list const *more);

#endif
