/* SPDX-License-Identifier: ISC */

#include "route/rcpthosts.h"

#include <string.h>

#include "base/text.h"
#include "route/suffix.h"

enum { HOST_MAX = 1023 };

static rcpthosts_status look_up(rcpthosts_lookup *more, void *data, char const *host, size_t n)
{
	char lower[HOST_MAX];
	size_t i;

	if (n > sizeof lower)
		return RCPTHOSTS_NO;
	memcpy(lower, host, n);
	text_lowerb(lower, n);
	for (i = 0; i < n; i++)
		if (i == 0 || lower[i] == '.') {
			int found = more(data, lower + i, n - i);

			if (found)
				return found < 0 ? RCPTHOSTS_ERROR : RCPTHOSTS_YES;
		}
	return RCPTHOSTS_NO;
}

rcpthosts_status rcpthosts_allows(constmap const *hosts, rcpthosts_lookup *more, void *data,
	char const *address, size_t n)
{
	size_t at = text_rchr(address, n, '@');
	char const *host = address + at + 1;

	if (at == n)
		return RCPTHOSTS_YES;
	n -= at + 1;
	if (n > HOST_MAX)
		return RCPTHOSTS_NO;
	if (suffix_find(hosts, host, n, 0))
		return RCPTHOSTS_YES;
	return more ? look_up(more, data, host, n) : RCPTHOSTS_NO;
}

int rcpthosts_badmailfrom(constmap const *bad, char const *address, size_t n)
{
	size_t at = text_rchr(address, n, '@');

	return constmap_find(bad, address, n) || (at < n && constmap_find(bad, address + at, n - at));
}
