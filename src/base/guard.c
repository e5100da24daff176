/* SPDX-License-Identifier: ISC */

#include "base/guard.h"

#include <sys/resource.h>

/* The address sanitizer reserves terabytes, which count. */
#if defined(__SANITIZE_ADDRESS__)
enum { ENABLED = 0 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { ENABLED = 0 };
#else
enum { ENABLED = 1 };
#endif
#else
enum { ENABLED = 1 };
#endif

static struct rlimit before;
static int lowered;

void guard_set(void)
{
	struct rlimit ours;

	if (!ENABLED || lowered || getrlimit(RLIMIT_DATA, &before) < 0)
		return;
	ours = before;
	ours.rlim_cur = (rlim_t)GUARD_MEBIBYTES << 20;
	if (before.rlim_cur == RLIM_INFINITY || before.rlim_cur > ours.rlim_cur)
		lowered = setrlimit(RLIMIT_DATA, &ours) == 0;
}

void guard_lift(void)
{
	if (lowered && setrlimit(RLIMIT_DATA, &before) == 0)
		lowered = 0;
}
