/* SPDX-License-Identifier: ISC */

#include "recipient/fresh.h"

#include <stdint.h>

static uint64_t seconds_apart(time_t a, time_t b)
{
	return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

static int is_near(struct timespec a, struct timespec b)
{
	int64_t const most = FRESH_SECONDS * INT64_C(1000000000);
	int64_t ns;

	if (seconds_apart(a.tv_sec, b.tv_sec) > FRESH_SECONDS)
		return 0;
	ns = (int64_t)(a.tv_sec - b.tv_sec) * 1000000000 + (a.tv_nsec - b.tv_nsec);
	return ns > -most && ns < most;
}

int fresh_at(struct stat const *st, struct timespec now)
{
	return is_near(st->st_mtim, now) || is_near(st->st_ctim, now);
}

int fresh_file(char const *name)
{
	struct timespec now;
	struct stat st;

	return stat(name, &st) == 0 && (clock_gettime(CLOCK_REALTIME, &now) < 0 || fresh_at(&st, now));
}
