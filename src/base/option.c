/* SPDX-License-Identifier: ISC */

#include "base/option.h"

#include <string.h>

#include "base/text.h"

int option_next(int argc, char const *const *argv, char const *letters, subgetopt *l)
{
	if (l->pos == 0 && l->ind < argc && strncmp(argv[l->ind], "--", 2) == 0) {
		l->ind++;
		return -1;
	}
	return subgetopt_r(argc, argv, letters, l);
}

char const *option_name(char const *path)
{
	size_t n = strlen(path);
	size_t slash = text_rchr(path, n, '/');

	return slash < n ? path + slash + 1 : path;
}

int option_mistake(stralloc *sa, char const *name, char const *letters, subgetopt const *l)
{
	char const *known = l->problem == ':' ? 0 : strchr(letters, l->problem);
	char const *what = known && known[1] == ':' ? ": option requires an argument -- " : ": illegal option -- ";

	return stralloc_cats(sa, option_name(name)) && stralloc_cats(sa, what)
		&& stralloc_append(sa, (char)l->problem) && stralloc_append(sa, '\n');
}
