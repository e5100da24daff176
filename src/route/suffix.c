/* SPDX-License-Identifier: ISC */

#include "route/suffix.h"

constmap_entry const *suffix_find(constmap const *m, char const *domain, size_t n, int with_empty)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (i == 0 || domain[i] == '.') {
			constmap_entry const *e = constmap_find(m, domain + i, n - i);

			if (e)
				return e;
		}
	return with_empty || n == 0 ? constmap_find(m, domain, 0) : 0;
}
