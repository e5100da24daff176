/* SPDX-License-Identifier: ISC */

#ifndef LSPAWN_IDENTIFY_H
#define LSPAWN_IDENTIFY_H

#include <skalibs/stralloc.h>

/* Where a record came from, for messages to the administrator. */
extern char const identify_cdb[];
extern char const identify_passwd[];

/* identify_user: who gets mail for local (NUL-terminated): users/cdb, or users/assign.cdb where there is no
 * users/cdb, then bin/qmail-getpw, which runs as qmailp. Works in the home directory. Blocking.
 *
 * 0 and *record is six NUL-terminated strings (proto/users.h) and *source one of the names above;
 * else an exit code of proto/report.h. */
extern int identify_user(stralloc *record, char const *local, char const **source);

#endif
