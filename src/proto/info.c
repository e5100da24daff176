/* SPDX-License-Identifier: ISC */

#include "proto/info.h"

#include <string.h>

int info_put(stralloc *sa, char const *sender, size_t n)
{
	return record_put(sa, 'F', sender, n);
}

info_status info_scan(char const *s, size_t n, char const **sender, size_t *len)
{
	char const *nul = n ? memchr(s, 0, n) : 0;

	if (n && s[0] != 'F')
		return INFO_BAD;
	*sender = n ? s + 1 : s;
	*len = nul ? (size_t)(nul - s) - 1 : n ? n - 1 : 0;
	return nul ? INFO_OK : INFO_CUT;
}
