/* SPDX-License-Identifier: ISC */

#include "accounts.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

/* The primary group of each user; root's is not ours to say, but a suite whose owner is another name needs one. */
static conf_group const primary[CONF_USERS_MAX] =
{
	[CONF_ALIAS] = CONF_NOFILES,
	[CONF_QMAILD] = CONF_NOFILES,
	[CONF_QMAILL] = CONF_NOFILES,
	[CONF_ROOT] = CONF_QMAIL,
	[CONF_QMAILP] = CONF_NOFILES,
	[CONF_QMAILQ] = CONF_QMAIL,
	[CONF_QMAILR] = CONF_QMAIL,
	[CONF_QMAILS] = CONF_QMAIL,
};

static int say_group(stralloc *sa, conf_group g)
{
	return stralloc_cats(sa, "  groupadd --system ") && stralloc_cats(sa, conf_groupname(g)) && stralloc_cats(sa, "\n");
}

static int say_user(stralloc *sa, conf_user u)
{
	return stralloc_cats(sa, "  useradd --system --no-create-home --shell /usr/sbin/nologin --gid ")
		&& stralloc_cats(sa, conf_groupname(primary[u]))
		&& stralloc_cats(sa, " --home-dir ") && stralloc_cats(sa, conf_home)
		&& (u != CONF_ALIAS || stralloc_cats(sa, "/alias"))
		&& stralloc_cats(sa, " ") && stralloc_cats(sa, conf_username(u)) && stralloc_cats(sa, "\n");
}

/* What getpwnam and getgrnam leave in errno for "no such account" depends on the name service. */
static int only_absent(int e)
{
	return e == 0 || e == ENOENT || e == ESRCH || e == EBADF || e == EPERM;
}

/* By name and not through conf_uid: a number known since the build says nothing about today's accounts. */
int accounts_find(accounts *a, stralloc *cure)
{
	unsigned int i;

	cure->len = 0;
	for (i = 0; i < CONF_GROUPS_MAX; i++) {
		struct group *gr = (errno = 0, getgrnam(conf_groupname((conf_group)i)));

		if (gr)
			a->gid[i] = gr->gr_gid;
		else if (!only_absent(errno) || !say_group(cure, (conf_group)i))
			return -1;
	}
	for (i = 0; i < CONF_USERS_MAX; i++) {
		struct passwd *pw = (errno = 0, getpwnam(conf_username((conf_user)i)));

		if (pw)
			a->uid[i] = pw->pw_uid;
		else if (!only_absent(errno) || !say_user(cure, (conf_user)i))
			return -1;
	}
	return cure->len == 0;
}
