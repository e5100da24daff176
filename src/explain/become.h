/* SPDX-License-Identifier: ISC */

#ifndef EXPLAIN_BECOME_H
#define EXPLAIN_BECOME_H

#include <sys/types.h>

#include "steps.h"

/* What a part of the road is looked at with, as the user that the mail goes there as. */
typedef void become_work(steps *s, void *data);

/* become_run: asuser_run (recipient/asuser.h) for steps. What is found is appended to *s. 1, or 0 with errno as there, and
 * EPROTO for what is not whole. */
extern int become_run(steps *s, uid_t uid, gid_t gid, unsigned int seconds, become_work *work, void *data);

#endif
