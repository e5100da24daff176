/* SPDX-License-Identifier: ISC */

#ifndef QMTPD_POLICY_H
#define QMTPD_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include <skalibs/stralloc.h>

#include "proto/hosts.h"

/* What the admin wants: the control files and the variables that stand above them, read once. */
typedef struct policy
{
	uint64_t databytes;             /* 0: any size */
	char const *relayclient;        /* null: rcpthosts decides; else every recipient gets this appended */
	hosts hosts;
	stralloc notes;                 /* for the log (base/notes.h) */
} policy;
#define POLICY_ZERO { .hosts = HOSTS_ZERO }

/* policy_load: read the control files in the current directory. 1, or 0 if one cannot be read; notes has the
 * reason then. Mistakes that leave a default in force only make a note. */
extern int policy_load(policy *p);

/* policy_recipient: whether mail to recipient[0..n) is taken: 1, 0, or -1 if it cannot be found out now, and a
 * note of it. */
extern int policy_recipient(policy *p, char const *recipient, size_t n);

#endif
