/* SPDX-License-Identifier: ISC */

#ifndef RSPAWN_PLACE_H
#define RSPAWN_PLACE_H

#include <skalibs/stralloc.h>

/* place_find: where a session for mail to host would go, as a NUL-terminated name in *place, equal for equal places:
 * the relay and port that control/smtproutes, whose name is file, has for it, or else host; in lower case. The file is
 * read when it has changed. 1, or 0: it cannot be told (a mistake in the file, a relay that wants a password, no
 * memory). */
extern int place_find(stralloc *place, char const *file, char const *host);

#endif
