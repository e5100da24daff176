/* SPDX-License-Identifier: ISC */

#include "recipient/prefix.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/stralloc.h>

#include "proto/users.h"
#include "recipient/identify.h"
#include "route/extension.h"

/* Whether a home has a file for an address that starts with prefix- and is as a whole its extension. */
static prefix_verdict look_for_files(users_record const *r, char const *prefix)
{
	stralloc start = STRALLOC_ZERO;
	prefix_verdict v = PREFIX_UNKNOWN;
	struct dirent *d;
	DIR *dir;

	if (!stralloc_cats(&start, ".qmail") || !stralloc_cats(&start, r->dash) || !extension_safe(&start, prefix, strlen(prefix))
	 || !stralloc_cats(&start, "-") || !stralloc_0(&start))
		return PREFIX_UNKNOWN;
	dir = opendir(r->home);
	if (!dir && errno == ENOENT)
		v = PREFIX_NOBODY;
	if (dir) {
		size_t dash = strlen(".qmail") + strlen(r->dash);

		v = PREFIX_NOBODY;
		while (v == PREFIX_NOBODY && (d = readdir(dir)))
			if (strncmp(d->d_name, start.s, start.len - 1) == 0
			 || (strncmp(d->d_name, start.s, dash) == 0 && strcmp(d->d_name + dash, "default") == 0))
				v = PREFIX_SOMEBODY;
		closedir(dir);
	}
	stralloc_free(&start);
	return v;
}

prefix_verdict prefix_judge(char const *prefix)
{
	stralloc local = STRALLOC_ZERO;
	stralloc record = STRALLOC_ZERO;
	prefix_verdict v = PREFIX_UNKNOWN;
	char const *source;
	users_record r;

	if (!stralloc_cats(&local, prefix) || !stralloc_cats(&local, "-postmaster") || !stralloc_0(&local))
		return PREFIX_UNKNOWN;
	errno = 0;
	if (identify_user(&record, local.s, geteuid() == 0, &source) == 0
	 && users_record_parse(&r, record.s, record.len) == USERS_RECORD_OK)
		v = strcmp(r.ext, local.s) == 0 ? look_for_files(&r, prefix) : PREFIX_SOMEBODY;
	if (v == PREFIX_UNKNOWN && !errno)
		errno = EAGAIN;
	stralloc_free(&local);
	stralloc_free(&record);
	return v;
}
