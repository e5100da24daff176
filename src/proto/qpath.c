/* SPDX-License-Identifier: ISC */

#include "proto/qpath.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <skalibs/types.h>

#include "base/conf.h"

static char const names[QPATH_KINDS][8] = { "mess", "intd", "todo", "info", "local", "remote", "bounce" };

static int is_split(qpath_layout const *l, qpath_kind k)
{
	if (k == QPATH_BOUNCE)
		return 0;
	return (k != QPATH_INTD && k != QPATH_TODO) || l->big_todo;
}

static int is_dir(char const *parent, unsigned int n)
{
	char name[QPATH_FMT];
	struct stat st;
	size_t len = strlen(parent);

	memcpy(name, parent, len);
	len += uint_fmt(name + len, n);
	name[len] = 0;
	return stat(name, &st) == 0 && S_ISDIR(st.st_mode);
}

int qpath_detect(qpath_layout *l)
{
	unsigned int n = conf_split;

	/* The split we were built for is nearly always the right one: two looks instead of one a directory. */
	if (!is_dir("mess/", n - 1) || is_dir("mess/", n))
		for (n = 0; is_dir("mess/", n); n++)
			;
	if (n == 0)
		return errno = ENOENT, 0;
	l->split = n;
	l->big_todo = is_dir("todo/", 0);
	return 1;
}

size_t qpath_dir_fmt(char *s, qpath_layout const *l, qpath_kind k, uint64_t id)
{
	size_t n = strlen(names[k]);

	memcpy(s, names[k], n);
	if (is_split(l, k)) {
		s[n++] = '/';
		n += uint64_fmt(s + n, id % l->split);
	}
	s[n] = 0;
	return n;
}

size_t qpath_fmt(char *s, qpath_layout const *l, qpath_kind k, uint64_t id)
{
	size_t n = qpath_dir_fmt(s, l, k, id);

	s[n++] = '/';
	n += uint64_fmt(s + n, id);
	s[n] = 0;
	return n;
}

size_t qpath_mess_fmt(char *s, qpath_layout const *l, uint64_t id)
{
	size_t n = uint64_fmt(s, id % l->split);

	s[n++] = '/';
	n += uint64_fmt(s + n, id);
	s[n] = 0;
	return n;
}

int qpath_scan(char const *name, uint64_t *id)
{
	size_t n = strlen(name);

	return n > 0 && strspn(name, "0123456789") == n && uint640_scan(name, id) == n;
}
