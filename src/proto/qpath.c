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

/* 1, 0, or -1 with errno when it cannot be told. */
static int is_dir(char const *parent, unsigned int n)
{
	char name[QPATH_FMT];
	struct stat st;
	size_t len = strlen(parent);

	memcpy(name, parent, len);
	len += uint_fmt(name + len, n);
	name[len] = 0;
	if (stat(name, &st) < 0)
		return errno == ENOENT ? 0 : -1;
	return S_ISDIR(st.st_mode);
}

/* How many there are from mess/0 on without a gap, or -1. */
static int count_dirs(void)
{
	int n = 0;
	int r;

	while ((r = is_dir("mess/", (unsigned int)n)) > 0)
		n++;
	return r < 0 ? -1 : n;
}

/* The split that we were built for is nearly always the right one: two looks instead of one a directory. */
static int count_split(void)
{
	int last = is_dir("mess/", conf_split - 1);
	int beyond = last > 0 ? is_dir("mess/", conf_split) : last;

	if (last < 0 || beyond < 0)
		return -1;
	return last && !beyond ? (int)conf_split : count_dirs();
}

int qpath_detect(qpath_layout *l)
{
	int n = count_split();

	if (n < 0)
		return 0;
	if (n == 0)
		return errno = ENOENT, 0;
	l->split = (unsigned int)n;
	l->big_todo = is_dir("todo/", 0);
	return l->big_todo >= 0;
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

	if (n == 0 || strspn(name, "0123456789") != n || (n > 1 && name[0] == '0'))
		return 0;
	return uint640_scan(name, id) == n;
}
