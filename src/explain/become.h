/* SPDX-License-Identifier: ISC */

#ifndef EXPLAIN_BECOME_H
#define EXPLAIN_BECOME_H

#include <sys/types.h>

#include "steps.h"

/* A part of the road that the mail goes as another user is looked at as that user. */
typedef void become_work(steps *s, void *data);

/* become_run: work in a child, which, if we are root, is uid with the one group gid before it starts: nothing
 * that belongs to a stranger is opened or read as root. What it finds is appended to *s. 1; 0 with errno when the
 * child could not be started or become that user, or did not end well (EPROTO). */
extern int become_run(steps *s, uid_t uid, gid_t gid, become_work *work, void *data);

#endif
