/* SPDX-License-Identifier: ISC */

#ifndef INJECT_SENDER_H
#define INJECT_SENDER_H

#include <sys/types.h>
#include <time.h>

#include <skalibs/stralloc.h>

#include "inject/fault.h"
#include "mail/complete.h"

/* Who is sending, as the environment tells it. Null where it says nothing; texts are the environment's. An empty
 * user is none. */
typedef struct identity
{
	char const *user, *host, *name;         /* of the From field */
	char const *sender_user, *sender_host;  /* of the envelope */
	int name_in_comment;                    /* QMAILINJECT: c */
	int ignore_return_path;                 /* s */
	int replace_from;                       /* f */
	int replace_message_id;                 /* i */
	int per_recipient;                      /* r */
	int per_message;                        /* m */
	time_t now;
	long nanoseconds;
	pid_t pid;
} identity;

/* identity_read: from the environment, and the time and process that this message belongs to. */
extern void identity_read(identity *id);

/* identity_check: whether users and hosts in the environment can be parts of an address: no control characters, in
 * hosts no blanks. 1, or 0 and *f, which names the variable. */
extern int identity_check(identity const *id, fault *f);

/* sender_from: append the From field that is used where a message has none to *sa, line end included.
 * sender_default: append the envelope sender that is used where nothing else tells it.
 * sender_take: append the sender found in a Return-Path field.
 * 1, or 0 and *f: no memory, or host names in the environment that are none. */
extern int sender_from(stralloc *sa, identity const *id, complete_rules const *rules, fault *f);
extern int sender_default(stralloc *sa, identity const *id, complete_rules const *rules, fault *f);
extern int sender_take(stralloc *sa, identity const *id, addrlist_address const *a, fault *f);

#endif
