/* SPDX-License-Identifier: ISC */

#include "base/raise.h"

#include <stddef.h>

#include "base/lower.h"

static struct raised
{
	int const resource;
	int is;
	struct rlimit before;
} raised[] = { { .resource = RLIMIT_NOFILE }, { .resource = RLIMIT_NPROC } };

enum { RESOURCES = sizeof raised / sizeof raised[0] };

static struct raised *of(int resource)
{
	size_t i = 0;

	while (i + 1 < RESOURCES && raised[i].resource != resource)
		i++;
	return &raised[i];
}

rlim_t raise_limit(int resource, rlim_t wanted)
{
	struct raised *r = of(resource);
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
	if (!r->is)
		r->before = now;
	r->is = 1;
	return higher.rlim_cur;
}

void raise_undo(void)
{
	size_t i;

	for (i = 0; i < RESOURCES; i++)
		if (raised[i].is)
			(void)setrlimit((lower_resource)raised[i].resource, &raised[i].before);
}
