/* SPDX-License-Identifier: ISC */

#include "base/drop.h"

#include <errno.h>
#include <grp.h>
#include <unistd.h>

int drop_to(uid_t uid, gid_t gid, gid_t const *groups, size_t n)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (setgroups(n, groups) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return 0;
	if (getresuid(&r, &e, &s) < 0 || getresgid(&rg, &eg, &sg) < 0)
		return 0;
	if (r != uid || e != uid || s != uid || rg != gid || eg != gid || sg != gid)
		return errno = EPERM, 0;
	if (uid != 0 && setresuid((uid_t)-1, 0, (uid_t)-1) == 0)
		return errno = EPERM, 0;
	return 1;
}
