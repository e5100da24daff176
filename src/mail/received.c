/* SPDX-License-Identifier: ISC */

#include "mail/received.h"

#include <string.h>

#include "base/text.h"
#include "mail/date822.h"

/* No host name is longer than 255. The sum with the words between stays under 998. */
enum { HOST_MAX = 255, HELO_MAX = 400, INFO_MAX = 200, IP_MAX = 64 };

static char const safe[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.@%+/=:-[]";

static int put_safe(stralloc *sa, char const *s, size_t max)
{
	size_t n = strnlen(s, max);
	size_t i;

	if (!stralloc_readyplus(sa, n))
		return 0;
	for (i = 0; i < n; i++)
		sa->s[sa->len++] = strchr(safe, s[i]) ? s[i] : '?';
	return 1;
}

int received_put(stralloc *sa, received const *r, int64_t now)
{
	char date[DATE822_FMT];

	if (!stralloc_cats(sa, "Received: from ") || !put_safe(sa, r->host, HOST_MAX))
		return 0;
	if (r->helo && !text_caseequals(r->helo, strlen(r->helo), r->host))
		if (!stralloc_cats(sa, " (HELO ") || !put_safe(sa, r->helo, HELO_MAX) || !stralloc_cats(sa, ")"))
			return 0;
	if (!stralloc_cats(sa, " ("))
		return 0;
	if (r->info && (!put_safe(sa, r->info, INFO_MAX) || !stralloc_cats(sa, "@")))
		return 0;
	return put_safe(sa, r->ip, IP_MAX)
	 && stralloc_cats(sa, ")\n  by ") && put_safe(sa, r->local, HOST_MAX)
	 && stralloc_cats(sa, " with ") && stralloc_cats(sa, r->protocol)
	 && stralloc_cats(sa, "; ") && stralloc_catb(sa, date, date822_fmt(date, now))
	 && stralloc_cats(sa, "\n");
}
