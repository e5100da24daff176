/* SPDX-License-Identifier: ISC */

#include "base/lower.h"

#include <errno.h>

static rlim_t lower(rlim_t a, rlim_t max)
{
	/* RLIM_INFINITY is the largest there is */
	return a < max ? a : max;
}

int lower_limit(int resource, rlim_t max)
{
	struct rlimit r;
	rlim_t hard;

	if (getrlimit((lower_resource)resource, &r) < 0)
		return 0;
	if (r.rlim_cur <= max && r.rlim_max <= max)
		return 1;
	r.rlim_cur = lower(r.rlim_cur, max);
	hard = r.rlim_max;
	r.rlim_max = lower(r.rlim_max, max);
	if (setrlimit((lower_resource)resource, &r) == 0)
		return 1;
	/* The kernel always lets a limit be lowered; valgrind, for descriptors, the soft one alone. */
	r.rlim_max = hard;
	return errno == EPERM && setrlimit((lower_resource)resource, &r) == 0;
}

int lower_soft(int resource, rlim_t max, struct rlimit *before)
{
	struct rlimit r;

	if (getrlimit((lower_resource)resource, before) < 0)
		return 0;
	r = *before;
	r.rlim_cur = lower(r.rlim_cur, max);
	return r.rlim_cur == before->rlim_cur || setrlimit((lower_resource)resource, &r) == 0;
}
