/* SPDX-License-Identifier: ISC */

#ifndef EXPLAIN_USER_H
#define EXPLAIN_USER_H

#include "proto/users.h"
#include "steps.h"

/* user_explain: who gets mail for a local address (NUL-terminated), as qmail-lspawn finds it. 1 and *r, which
 * points into *record; or 0: *s has the result. The current directory is the home. */
extern int user_explain(steps *s, char const *local, stralloc *record, users_record *r);

/* user_last_resort: the same for an address that its user has no file for; 0 also where there is no last resort
 * (control/aliasfallback), and *s is as it was. *r may be what user_explain gave: it is replaced. */
extern int user_last_resort(steps *s, char const *local, stralloc *record, users_record *r);

#endif
