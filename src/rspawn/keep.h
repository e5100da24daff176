/* SPDX-License-Identifier: ISC */

#ifndef RSPAWN_KEEP_H
#define RSPAWN_KEEP_H

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "spawn/loop.h"

/* The qmail-remotes that stay for another message (proto/kept.h).
 *
 * place is where mail goes, as far as a session is concerned (place.h). A qmail-remote is asked to stay only where
 * KEEP_AFTER others have got mail for the same place, none of them KEEP_OFTEN seconds or more behind the one before: a
 * lone message, and a few, are followed by QUIT at once. There are KEEP_MOST at most, which is as many as there are
 * deliveries at once as a rule: where all of fewer are busy, every other message starts a process and a session. */
enum { KEEP_AFTER = 4, KEEP_OFTEN = 2, KEEP_MOST = 128 };

/* keep_take: the process that now has the job, being one that stayed after mail to place and runs the program that
 * st is of; or 0: there is none. */
extern pid_t keep_take(loop_job const *job, char const *place, struct stat const *st, uint64_t now);

/* keep_offer: note that a process is to be started for place, and make the socket for asking it to stay; its end of it,
 * or -1: that does not pay, or cannot be. keep_started: that process, or 0 if it was not started. place lives until
 * then. The end is closed by whoever got it. */
extern int keep_offer(char const *place, uint64_t now);
extern void keep_started(pid_t pid, char const *place, struct stat const *st);

/* keep_stays, keep_gone: loop_company's stays and gone. */
extern int keep_stays(pid_t pid);
extern void keep_gone(pid_t pid);

#endif
