/* SPDX-License-Identifier: ISC */

#include "proto/qpath.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <skalibs/types.h>

static char const names[QPATH_KINDS][8] = { "mess", "intd", "todo", "info", "local", "remote", "bounce" };

static int is_split(qpath_layout const *l, qpath_kind k)
{
	if (k == QPATH_BOUNCE)
		return 0;
	return (k != QPATH_INTD && k != QPATH_TODO) || l->big_todo;
}

int qpath_detect(qpath_layout *l)
{
	char name[QPATH_FMT] = "mess/";
	struct stat st;
	unsigned int n = 0;

	for (;; n++) {
		name[5 + uint_fmt(name + 5, n)] = 0;
		if (stat(name, &st) < 0 || !S_ISDIR(st.st_mode))
			break;
	}
	if (n == 0)
		return errno = ENOENT, 0;
	l->split = n;
	l->big_todo = stat("todo/0", &st) == 0 && S_ISDIR(st.st_mode);
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
