/* SPDX-License-Identifier: ISC */

#ifndef SEND_TURN_H
#define SEND_TURN_H

#include <poll.h>
#include <stdint.h>

/* One turn of the loop: what the sub-machines wait for, and what has come.
 *
 * Each sub-machine has x_selprep, which adds its descriptors and the time at which it has something to do,
 * and x_do, which does a small piece of work and never waits for anything but one disk flush.
 * Times are seconds since 1970: everything that is scheduled is kept in the queue as a file's time. */

enum { TURN_FDS = 16 };

typedef struct turn
{
	int64_t now;            /* when the turn began */
	int64_t jump;           /* how far the clock was set since the last look at it (wall.h) */
	int64_t wake;           /* when it must begin at the latest */
	unsigned int n;
	struct pollfd fds[TURN_FDS];
} turn;

/* turn_start: nothing to wait for yet. Sets now and jump, as turn_wait does. turn_watch: wait for poll(2) events of fd. turn_wake: begin the
 * next turn at when; turn_now: without waiting. */
extern void turn_start(turn *t);
extern void turn_watch(turn *t, int fd, short events);
extern void turn_wake(turn *t, int64_t when);
extern void turn_now(turn *t);

/* turn_wait: until one of the descriptors has something, or it is time. 0 with errno when
 * poll(2) fails for another reason than a signal; then nothing is ready. */
extern int turn_wait(turn *t);

/* turn_ready: whether fd has one of its events, or an error or end to report. */
extern int turn_ready(turn const *t, int fd);

/* The way out: once stopping, no delivery is started and no new message is taken up. */
extern void turn_stop(void);
extern int turn_stopping(void);

#endif
