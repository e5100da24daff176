/* SPDX-License-Identifier: ISC */

#ifndef PROTO_GETPW_H
#define PROTO_GETPW_H

#include <skalibs/stralloc.h>

/* getpw_ask: ask bin/qmail-getpw, below the current directory, who gets mail for local (NUL-terminated).
 *
 * As root it is run as qmailp, or one that stayed is asked (stay.h); who is not root asks as he is, and may be told less. Blocking. 0 and *record is
 * its answer, for users_record_parse (proto/users.h); else an exit code of proto/report.h. */
extern int getpw_ask(stralloc *record, char const *local, int root);

#endif
