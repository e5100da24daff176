/* SPDX-License-Identifier: ISC */

#ifndef REMOTE_KEEP_H
#define REMOTE_KEEP_H

#include <skalibs/tai.h>

#include "proto/kept.h"

/* Staying for the next message to the same host (proto/kept.h). */

enum
{
	KEEP_MESSAGES = 100,            /* in one session, at most */
	KEEP_SESSION_SECONDS = 60,      /* after which none is begun */
	KEEP_SECONDS_MAX = 60,          /* of waiting for one, whatever we are told */
};

/* keep_offered: for how many seconds we may stay; 0 if nobody asks for it, or if we are not the very program that
 * qmail-rspawn knows as its own: home/bin/qmail-remote. For whoever has put a program of his own in its place, and
 * starts us behind it, wants every message to pass through that. To be asked first of all, where we were started. */
extern unsigned int keep_offered(void);

/* keep_wait: say that the last message is done with, let go of descriptors 0, 1 and 2, and wait for another for so
 * many seconds, no longer than until, and as long as nothing happens on connection. 1: it is in *r, its message is
 * descriptor 0, and its output 1 and 2. 0: there is none; descriptors 0, 1 and 2 are /dev/null. */
extern int keep_wait(kept_request *r, int connection, unsigned int seconds, tain const *until);

#endif
