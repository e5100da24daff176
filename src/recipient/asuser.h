/* SPDX-License-Identifier: ISC */

#ifndef RECIPIENT_ASUSER_H
#define RECIPIENT_ASUSER_H

#include <sys/types.h>

#include <skalibs/stralloc.h>

/* A part of the road that mail goes as another user is looked at as that user, in a child. */

enum { ASUSER_MAX = 16 << 20 };         /* bytes: more than any work that ends well has to say */

/* Appends what it finds to *out. 1, or 0: it could not be done. */
typedef int asuser_work(stralloc *out, void *data);

/* asuser_run: work in a child, which, if we are root, is uid with the one group gid before it starts: nothing that belongs
 * to a stranger is opened or read as root. It has none of our descriptors. What it finds is appended to *out. 1; 0 with
 * errno when the child could not be started or become that user, or did not end well (EPROTO), or not within so many
 * seconds (ETIMEDOUT). One that is late is killed and not waited for: what a user has mounted may hold it for ever. */
extern int asuser_run(stralloc *out, uid_t uid, gid_t gid, unsigned int seconds, asuser_work *work, void *data);

#endif
