/* SPDX-License-Identifier: ISC */

#ifndef LINT_USERS_H
#define LINT_USERS_H

#include "findings.h"
#include "setup.h"

/* users_check: users/assign, the table made of it, and the homes that it names. With domains_only: only the lines of
 * the domains that are asked about, and the table. */
extern void users_check(setup const *s, findings *f);

/* users_home: whether mail can be delivered in a home as uid, told as about line line of file. */
extern void users_home(findings *f, char const *file, size_t line, char const *home, uid_t uid);

#endif
