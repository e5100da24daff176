/* SPDX-License-Identifier: ISC */

#include "base/raise.h"

#include "base/lower.h"

static int is_raised;           /* RLIMIT_NOFILE is */
static struct rlimit before;

rlim_t raise_limit(int resource, rlim_t wanted)
{
	struct rlimit now;
	struct rlimit higher;

	if (getrlimit((lower_resource)resource, &now) < 0)
		return 0;
	if (now.rlim_cur >= wanted)
		return now.rlim_cur;
	higher = now;
	higher.rlim_cur = wanted < now.rlim_max ? wanted : now.rlim_max;
	if (setrlimit((lower_resource)resource, &higher) < 0)
		return now.rlim_cur;
	if (resource == RLIMIT_NOFILE && !is_raised) {
		before = now;
		is_raised = 1;
	}
	return higher.rlim_cur;
}

void raise_undo(void)
{
	if (is_raised)
		(void)setrlimit(RLIMIT_NOFILE, &before);
}
