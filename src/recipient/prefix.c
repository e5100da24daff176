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

/* The file of an address that starts with start, or the one for all; both start with the first n bytes of start. */
static int is_for(char const *file, char const *start, size_t n)
{
	return strncmp(file, start, strlen(start)) == 0 || (strncmp(file, start, n) == 0 && strcmp(file + n, "default") == 0);
}

static prefix_verdict scan(DIR *dir, char const *start, size_t n)
{
	for (;;) {
		struct dirent const *d = (errno = 0, readdir(dir));

		if (!d)
			return errno ? PREFIX_UNKNOWN : PREFIX_NOBODY;
		if (is_for(d->d_name, start, n))
			return PREFIX_SOMEBODY;
	}
}

static prefix_verdict scan_home(char const *home, char const *start, size_t n)
{
	DIR *dir = opendir(home);
	prefix_verdict v;
	int e;

	if (!dir)
		return errno == ENOENT ? PREFIX_NOBODY : PREFIX_UNKNOWN;
	v = scan(dir, start, n);
	e = errno;
	closedir(dir);
	errno = e;
	return v;
}

/* Whether a home has a file for an address that starts with prefix- and is as a whole its extension. */
static prefix_verdict look_for_files(users_record const *r, char const *prefix)
{
	stralloc start = STRALLOC_ZERO;
	prefix_verdict v = PREFIX_UNKNOWN;

	if (stralloc_cats(&start, ".qmail") && stralloc_cats(&start, r->dash) && extension_safe(&start, prefix, strlen(prefix))
	 && stralloc_cats(&start, "-") && stralloc_0(&start))
		v = scan_home(r->home, start.s, strlen(".qmail") + strlen(r->dash));
	stralloc_free(&start);
	return v;
}

/* Who has local, the address of all with that prefix that is there if any is. */
static prefix_verdict judge(char const *prefix, char const *local)
{
	stralloc record = STRALLOC_ZERO;
	prefix_verdict v = PREFIX_UNKNOWN;
	char const *source;
	users_record r;

	if (identify_user(&record, local, geteuid() == 0, &source) == 0
	 && users_record_parse(&r, record.s, record.len) == USERS_RECORD_OK)
		v = strcmp(r.ext, local) == 0 ? look_for_files(&r, prefix) : PREFIX_SOMEBODY;
	stralloc_free(&record);
	return v;
}

prefix_verdict prefix_judge(char const *prefix)
{
	stralloc local = STRALLOC_ZERO;
	prefix_verdict v = PREFIX_UNKNOWN;

	errno = 0;
	if (stralloc_cats(&local, prefix) && stralloc_cats(&local, "-postmaster") && stralloc_0(&local))
		v = judge(prefix, local.s);
	if (v == PREFIX_UNKNOWN && !errno)
		errno = EAGAIN;
	stralloc_free(&local);
	return v;
}
