/* SPDX-License-Identifier: ISC */

#include "base/moment.h"

enum { SECOND = 1000, NANOSECONDS = 1000000 };  /* milliseconds of the one, of the other in one */

int64_t moment_now(clockid_t clock)
{
	struct timespec t = { .tv_sec = 0 };

	clock_gettime(clock, &t);
	return moment_of(t);
}

int64_t moment_of(struct timespec t)
{
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec / NANOSECONDS;
}

struct timespec moment_time(int64_t ms)
{
	return (struct timespec){ .tv_sec = (time_t)(ms / SECOND), .tv_nsec = (long)(ms % SECOND) * NANOSECONDS };
}
