/* SPDX-License-Identifier: ISC */

#ifndef RSPAWN_PLACE_H
#define RSPAWN_PLACE_H

#include <skalibs/stralloc.h>

/* The files that say so: control/smtproutes and control/domainips. */
typedef struct place_files
{
	char const *routes;
	char const *identities;
} place_files;

/* place_find: where a session for mail from sender to host would go, as a NUL-terminated name in *place, equal for
 * equal places: the relay and port that f->routes has for the host, or else host; where there is f->identities, with
 * the domain of the sender, as that decides where the session comes from; in lower case. The routes are read when they
 * have changed. 1, or 0: it cannot be told (a mistake in the file, a relay that wants a password, no memory). */
extern int place_find(stralloc *place, place_files const *f, char const *host, char const *sender);

#endif
