/* SPDX-License-Identifier: ISC */

#ifndef SEND_SWEEP_H
#define SEND_SWEEP_H

#include "send/turn.h"

/* Once a day: message files that nobody refers to, left by a qmail-queue that was killed, are removed when
 * they are older than any qmail-queue can be. */

/* sweep_do: one directory entry a turn. sweep_follow: the clock was set, forward by so
 * many seconds: the next sweep is no nearer for that. */
extern void sweep_selprep(turn *t);
extern void sweep_do(turn const *t);
extern void sweep_follow(int64_t by);

#endif
