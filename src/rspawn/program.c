/* SPDX-License-Identifier: ISC */

#include "program.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int join(stralloc *file, char const *dir, size_t n, char const *name)
{
	file->len = 0;
	return stralloc_catb(file, dir, n) && (n == 0 || stralloc_catb(file, "/", 1))
		&& stralloc_catb(file, name, strlen(name) + 1);
}

int program_find(stralloc *file, char const *name, char const *path)
{
	int e = ENOENT;

	if (!*name)
		return errno = ENOENT, 0;
	if (strchr(name, '/'))
		return join(file, "", 0, name);
	for (;;) {
		size_t n = strcspn(path, ":");

		if (!join(file, path, n, name))
			return 0;
		if (access(file->s, X_OK) == 0)
			return 1;
		if (errno == EACCES)
			e = EACCES;
		path += n;
		if (!*path++)
			return errno = e, 0;
	}
}
