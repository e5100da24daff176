/* SPDX-License-Identifier: ISC */

#include "system.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <shadow.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pam.h"
#include "secret.h"

enum { DAY = 86400 };

static verdict trouble(char const **why, char const *what)
{
	*why = what;
	return VERDICT_TROUBLE;
}

/* What getpwnam and getspnam leave in errno for "nobody of that name" depends on the name service. */
static int is_absence(int e)
{
	return e == 0 || e == ENOENT || e == ESRCH || e == EBADF || e == EPERM;
}

/* The account, or a password that was not changed in time. */
static int has_expired(struct spwd const *sp)
{
	long today = (long)(time(0) / DAY);

	if (sp->sp_expire > 0 && today >= sp->sp_expire)
		return 1;
	return sp->sp_lstchg > 0 && sp->sp_max >= 0 && sp->sp_inact >= 0
		&& today > sp->sp_lstchg + sp->sp_max + sp->sp_inact;
}

/* Whether the password file and its shadow know somebody by that name and password. */
static verdict ask_shadow(char const *name, char const *password, char const **why)
{
	struct passwd const *pw = (errno = 0, getpwnam(name));
	struct spwd const *sp = 0;
	int same;

	if (!pw && !is_absence(errno))
		return trouble(why, "the password file cannot be read");
	if (pw && !(sp = (errno = 0, getspnam(name))) && !is_absence(errno))
		return trouble(why, "the shadow password file cannot be read");
	if (!pw) {
		secret_waste(password);
		return VERDICT_UNKNOWN;
	}
	same = secret_matches(sp ? sp->sp_pwdp : pw->pw_passwd, password);
	if (same < 0)
		return trouble(why, "out of memory");
	return same && (!sp || !has_expired(sp)) ? VERDICT_YES : VERDICT_NO;
}

static verdict take_account(account *a, char const *name, char const **why)
{
	struct passwd const *pw = (errno = 0, getpwnam(name));

	if (!pw)
		return is_absence(errno) ? VERDICT_UNKNOWN : trouble(why, "the password file cannot be read");
	if (pw->pw_uid == 0)
		return VERDICT_UNKNOWN;
	a->uid = pw->pw_uid;
	a->gid = pw->pw_gid;
	a->n = ACCOUNT_GROUPS_MAX;
	if (!account_fill(a, pw->pw_name, pw->pw_dir, "", pw->pw_shell[0] ? pw->pw_shell : "/bin/sh"))
		return trouble(why, "out of memory");
	if (getgrouplist(a->name.s, a->gid, a->groups, &a->n) < 0)
		return trouble(why, "the account is in too many groups");
	return VERDICT_YES;
}

verdict system_check(account *a, char const *name, char const *password, char const *client,
	char const **why)
{
	verdict v = pam_is_set_up() ? pam_check(name, password, client, why) : ask_shadow(name, password, why);

	return v == VERDICT_YES ? take_account(a, name, why) : v;
}
