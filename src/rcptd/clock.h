/* SPDX-License-Identifier: ISC */

#ifndef RCPTD_CLOCK_H
#define RCPTD_CLOCK_H

#include <stdint.h>

/* clock_now: milliseconds on the clock that nobody sets; never 0.
 * clock_left: what poll(2) may wait for that moment, or for ever if it is 0. clock_sooner: the earlier of two; 0 is
 * never. */
extern int64_t clock_now(void);
extern int clock_left(int64_t deadline, int64_t now);
extern int64_t clock_sooner(int64_t a, int64_t b);

#endif
