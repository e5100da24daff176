/* SPDX-License-Identifier: ISC */

#include "base/linkdirs.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/samefile.h"

/* As many links as the kernel follows; the longest target. */
enum { LINKS_MAX = 40, TARGET_MAX = 4096 };

/* The length of the directory part of s[0..n), slash included; 0: there is none. */
static size_t dir_length(char const *s, size_t n)
{
	while (n > 0 && s[n - 1] != '/')
		n--;
	return n;
}

/* *path, NUL not counted, becomes what the link by that name leads to. -1: no memory, 0: it is no link. */
static int follow(stralloc *path)
{
	char target[TARGET_MAX];
	ssize_t n = readlink(path->s, target, sizeof target);

	if (n <= 0 || n == TARGET_MAX)
		return 0;
	path->len = target[0] == '/' ? 0 : dir_length(path->s, path->len);
	if (!stralloc_catb(path, target, (size_t)n) || !stralloc_0(path))
		return -1;
	path->len--;
	return 1;
}

static int is_root(char const *dir)
{
	struct stat root;
	struct stat st;

	return stat("/", &root) == 0 && stat(dir, &st) == 0 && samefile_is(&st, &root);
}

static int add_dir(stralloc *dirs, stralloc const *path)
{
	size_t const from = dirs->len;
	size_t const n = dir_length(path->s, path->len);

	if (!(n ? stralloc_catb(dirs, path->s, n) : stralloc_cats(dirs, ".")) || !stralloc_0(dirs)) {
		dirs->len = from;
		return 0;
	}
	if (is_root(dirs->s + from))
		dirs->len = from;
	return 1;
}

int linkdirs_add(stralloc *dirs, char const *path)
{
	stralloc at = STRALLOC_ZERO;
	int ok = stralloc_cats(&at, path) && stralloc_0(&at);
	int more = ok;
	int i;

	at.len -= ok ? 1 : 0;
	for (i = 0; i < LINKS_MAX && ok && more; i++) {
		more = follow(&at);
		if (more)
			ok = more > 0 && add_dir(dirs, &at);
	}
	stralloc_free(&at);
	return ok;
}
