/* SPDX-License-Identifier: ISC */

#include "base/guard.h"

#include <sys/resource.h>

#include "base/lower.h"

/* The address sanitizer reserves terabytes, which count. */
#ifdef SANDBOX_OFF
enum { ENABLED = 0 };
#else
enum { ENABLED = 1 };
#endif

enum { KINDS = 3 };

static struct { int resource; rlim_t max; } const limits[KINDS] = {
	{ RLIMIT_DATA, (rlim_t)GUARD_MEBIBYTES << 20 },
	{ RLIMIT_NOFILE, GUARD_FILES },
	{ RLIMIT_CORE, 0 },
};

static struct rlimit before[KINDS];
static int lowered[KINDS];

void guard_set(void)
{
	int i;

	for (i = 0; i < KINDS; i++)
		if (ENABLED && !lowered[i])
			lowered[i] = lower_soft(limits[i].resource, limits[i].max, before + i);
}

void guard_lift(void)
{
	int i;

	for (i = 0; i < KINDS; i++)
		if (lowered[i] && setrlimit((lower_resource)limits[i].resource, before + i) == 0)
			lowered[i] = 0;
}
