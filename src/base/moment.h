/* SPDX-License-Identifier: ISC */

#ifndef BASE_MOMENT_H
#define BASE_MOMENT_H

#include <stdint.h>
#include <time.h>

/* Milliseconds on a clock: CLOCK_MONOTONIC, which nobody sets, for how long something takes; CLOCK_REALTIME, by which
 * files are dated.
 *
 * moment_now: what it is now. moment_of, moment_time: a time in milliseconds, what is below them cut off, and back. */
extern int64_t moment_now(clockid_t clock);
extern int64_t moment_of(struct timespec t);
extern struct timespec moment_time(int64_t ms);

#endif
