/* SPDX-License-Identifier: ISC */

#ifndef SEND_WALL_H
#define SEND_WALL_H

#include <stdint.h>

/* The clock on the wall, which somebody may set while we run, and what that means for the times in the queue.
 *
 * It is watched beside a clock that nobody sets and that goes on while the machine sleeps: where one of them goes a
 * minute more than the other between two looks, the clock on the wall was set. Set back, whoever waits must not
 * wait all that time once more. Set forward, no message has become older by it. */

/* wall_now: seconds since 1970. *jump: how far the clock was set since the last look, back being negative; or 0. */
extern int64_t wall_now(int64_t *jump);

/* wall_look: as wall_now, but told both clocks. Pure but for what it remembers. */
extern int64_t wall_look(int64_t wall, int64_t steady);
enum { WALL_MINUTE = 60 };

/* wall_time: a time that the clock showed, moved by as much as the clock was set forward since: subtracted from
 * now it gives an age. What was set back again is not counted. A new process knows of nothing. */
extern int64_t wall_time(int64_t t);

#endif
