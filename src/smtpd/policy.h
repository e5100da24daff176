/* SPDX-License-Identifier: ISC */

#ifndef SMTPD_POLICY_H
#define SMTPD_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include <skalibs/stralloc.h>

#include "base/constmap.h"
#include "mail/address.h"
#include "net/ipme.h"
#include "proto/hosts.h"

/* What the admin wants: the control files and the variables that stand above them, read once. */
typedef struct policy
{
	stralloc greeting;
	stralloc localiphost;
	int have_localiphost;
	unsigned int timeout;           /* seconds, at least 1 */
	unsigned int session_seconds;   /* for all that comes before a DATA, at least 1 */
	uint64_t databytes;             /* 0: any size */
	uint64_t recipients;            /* the most a message may have; 0: any number */
	int unknown_ready;
	uint64_t unknown;               /* recipients that are nobody's a client may try; 0: any number */
	int reject_bare_cr;
	char const *relayclient;        /* null: rcpthosts decides; else every recipient gets this appended */
	hosts hosts;
	control_list badmailfrom_list;
	constmap badmailfrom;
	ipme me;
	int me_ready;
	stralloc notes;                 /* for the log (base/notes.h) */
} policy;
#define POLICY_ZERO { .hosts = HOSTS_ZERO }

/* policy_load: read the control files in the current directory. 1, or 0 if one cannot be read or there is
 * no name to greet with; notes has the reason then. Mistakes that leave a default in force only make a
 * note. */
extern int policy_load(policy *p);

/* policy_localise: if the host is [d.d.d.d] and that is us, put localiphost in its place.
 * policy_recipient: whether mail to recipient[0..n) is taken. Both: 1; 0 for no (the address has become too
 * long; relaying); -1 if it cannot be found out now, and a note of it. */
extern int policy_localise(policy *p, address *a);
extern int policy_recipient(policy *p, char const *recipient, size_t n);

/* policy_badmailfrom: whether that sender is not wanted. */
extern int policy_badmailfrom(policy const *p, char const *sender, size_t n);

/* policy_patient: whether a client that has tried so many recipients that are nobody's may go on. The file that says
 * so is read when it is first needed. */
extern int policy_patient(policy *p, uint64_t unknown);

extern void policy_free(policy *p);

#endif
