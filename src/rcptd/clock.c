/* SPDX-License-Identifier: ISC */

#include "clock.h"

#include <limits.h>

#include "base/moment.h"

int64_t clock_now(void)
{
	return moment_now(CLOCK_MONOTONIC) + 1;
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
