/* SPDX-License-Identifier: ISC */

#ifndef RECIPIENT_IDENTIFY_H
#define RECIPIENT_IDENTIFY_H

#include <skalibs/stralloc.h>

/* Where a record came from, for messages to the administrator. */
extern char const identify_cdb[];
extern char const identify_passwd[];

/* identify_user: who gets mail for local (NUL-terminated): users/cdb, or users/assign.cdb where there is no
 * users/cdb, then bin/qmail-getpw, as qmailp if we are root, which the caller says. The current directory is the
 * home. Blocking.
 *
 * 0 and *record is six NUL-terminated strings (proto/users.h) and *source one of the names above;
 * else an exit code of proto/report.h. */
extern int identify_user(stralloc *record, char const *local, int root, char const **source);

#endif
