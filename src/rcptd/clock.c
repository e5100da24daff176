/* SPDX-License-Identifier: ISC */

#include "clock.h"

#include <limits.h>
#include <time.h>

int64_t clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 + 1;
}

int clock_left(int64_t deadline, int64_t now)
{
	int64_t left = deadline - now;

	if (deadline == 0)
		return -1;
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

int64_t clock_sooner(int64_t a, int64_t b)
{
	return a == 0 || (b && b < a) ? b : a;
}
