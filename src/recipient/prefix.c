/* SPDX-License-Identifier: ISC */

#include "recipient/prefix.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/stralloc.h>

#include "proto/users.h"
#include "recipient/asuser.h"
#include "recipient/identify.h"
#include "route/extension.h"

/* How long a look at a home may take: it may be on a server that is gone. */
enum { SECONDS = 5 };

/* What is looked for in a home, and what comes of it. */
typedef struct search
{
	char const *home;
	char const *start;      /* of the name of a file for such an address */
	size_t n;               /* so much of it has the file for all as well */
} search;

typedef struct outcome
{
	prefix_verdict verdict;
	int error;
} outcome;

static int is_wanted(search const *w, char const *file)
{
	return strncmp(file, w->start, strlen(w->start)) == 0
		|| (strncmp(file, w->start, w->n) == 0 && strcmp(file + w->n, "default") == 0);
}

static prefix_verdict scan(search const *w, DIR *dir)
{
	for (;;) {
		struct dirent const *d = (errno = 0, readdir(dir));

		if (!d)
			return errno ? PREFIX_UNKNOWN : PREFIX_NOBODY;
		if (is_wanted(w, d->d_name))
			return PREFIX_SOMEBODY;
	}
}

/* An asuser_work: its child has no more to do. */
static int scan_home(stralloc *out, void *data)
{
	search const *w = data;
	DIR *dir = opendir(w->home);
	outcome o = { .verdict = dir ? scan(w, dir) : errno == ENOENT ? PREFIX_NOBODY : PREFIX_UNKNOWN };

	o.error = errno;
	if (dir)
		closedir(dir);
	return stralloc_catb(out, (char const *)&o, sizeof o);
}

static prefix_verdict look_as_user(users_record const *r, search *w)
{
	stralloc found = STRALLOC_ZERO;
	outcome o = { .verdict = PREFIX_UNKNOWN };

	if (!asuser_run(&found, r->uid, r->gid, SECONDS, scan_home, w))
		o.error = errno;
	else if (found.len == sizeof o)
		memcpy(&o, found.s, sizeof o);
	stralloc_free(&found);
	errno = o.error;
	return o.verdict;
}

/* Whether a home has a file for an address that starts with prefix- and is as a whole its extension. */
static prefix_verdict look_for_files(users_record const *r, char const *prefix)
{
	stralloc start = STRALLOC_ZERO;
	prefix_verdict v = PREFIX_UNKNOWN;
	search w = { .home = r->home, .n = strlen(".qmail") + strlen(r->dash) };

	if (stralloc_cats(&start, ".qmail") && stralloc_cats(&start, r->dash) && extension_safe(&start, prefix, strlen(prefix))
	 && stralloc_cats(&start, "-") && stralloc_0(&start)) {
		w.start = start.s;
		v = look_as_user(r, &w);
	}
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
