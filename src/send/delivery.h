/* SPDX-License-Identifier: ISC */

#ifndef SEND_DELIVERY_H
#define SEND_DELIVERY_H

#include <stddef.h>
#include <stdint.h>

#include "send/job.h"
#include "send/turn.h"

/* Deliveries under way: the pipes to the spawners, a slot for each delivery, and what becomes of its
 * report. The number of a slot is its delivery number on the pipe. */

/* delivery_init: a channel's spawner, and how many deliveries it may run at once (0: the channel is on
 * hold). The command side becomes non-blocking. Waits for memory. 1, or 0 with errno.
 *
 * Where more are wanted than that, and a greeting like our own says that the spawner may be ours, it is asked for more
 * (proto/spawn.h) when those that it has are nearly all under way: others never hear of it. */
extern int delivery_init(channel c, int fd_commands, int fd_reports, unsigned int limit, unsigned int wanted);

/* delivery_open: whether the channel's spawner is there and may ever deliver. delivery_available: whether
 * one can be started now: there is a slot and the last command is on its way. */
extern int delivery_open(channel c);
extern int delivery_available(channel c);

/* delivery_limit: how many deliveries a channel may have; delivery_room: how many more may be started. */
extern unsigned int delivery_limit(channel c);
extern unsigned int delivery_room(channel c);

/* delivery_start: deliver to recipient[0..n), whose record is at offset of the job's recipient file. Only
 * when delivery_available. Holds the job. */
extern void delivery_start(job *j, uint64_t offset, char const *recipient, size_t n);

/* delivery_idle: nothing is under way at a spawner that is still there. */
extern int delivery_idle(void);

/* delivery_status: the status line of the log. */
extern void delivery_status(void);

extern void delivery_selprep(turn *t);
extern void delivery_do(turn const *t);

#endif
