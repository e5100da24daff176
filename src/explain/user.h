/* SPDX-License-Identifier: ISC */

#ifndef EXPLAIN_USER_H
#define EXPLAIN_USER_H

#include "proto/users.h"
#include "steps.h"

/* user_explain: who gets mail for a local address (NUL-terminated), as qmail-lspawn finds it. 1 and *r, which
 * points into *record; or 0: *s has the result. The current directory is the home. */
extern int user_explain(steps *s, char const *local, stralloc *record, users_record *r);

#endif
