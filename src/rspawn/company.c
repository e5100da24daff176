/* SPDX-License-Identifier: ISC */

#include "company.h"

#include <strings.h>

#include <skalibs/stralloc.h>

#include "base/control.h"

/* Without memory for its name any host may be the one that is meant. */
typedef struct strained
{
	stralloc host;          /* NUL-terminated, or empty */
	uint64_t until;
} strained;

static strained hosts[COMPANY_HOSTS];
static size_t latest;

static int is_strained(char const *host, uint64_t now)
{
	size_t i;

	for (i = 0; i < COMPANY_HOSTS; i++)
		if (now < hosts[i].until && (!hosts[i].host.len || !strcasecmp(hosts[i].host.s, host)))
			return 1;
	return 0;
}

static size_t setting(char const *file, int ours)
{
	unsigned int n = ours ? COMPANY_DEFAULT : 1;
	control_status status = control_readint(&n, file);

	return status < 0 || n == 0 ? 1 : n;
}

size_t company_most(char const *file, int ours, char const *host, uint64_t now)
{
	size_t most = setting(file, ours);

	return most > 1 && is_strained(host, now) ? 1 : most;
}

void company_strained(char const *host, uint64_t now)
{
	strained *s = hosts + latest++ % COMPANY_HOSTS;

	s->until = now + COMPANY_SECONDS;
	if (!stralloc_copys(&s->host, host) || !stralloc_0(&s->host))
		s->host.len = 0;
}
