/* SPDX-License-Identifier: ISC */

#include "account.h"

#include <string.h>
#include <unistd.h>

#include "base/drop.h"

static int copy(stralloc *sa, char const *s)
{
	return stralloc_copyb(sa, s, strlen(s) + 1);
}

int account_fill(account *a, char const *name, char const *home, char const *start, char const *shell)
{
	return copy(&a->name, name) && copy(&a->home, home) && copy(&a->start, start) && copy(&a->shell, shell);
}

/* The ids first: what the account may not enter it shall not find itself in. */
int account_become(account const *a, char const **what)
{
	*what = "take on the ids of ";
	if (!drop_to(a->uid, a->gid, a->groups, (size_t)a->n))
		return 0;
	*what = "go to the directory of ";
	return chdir(a->home.s) == 0 && (!a->start.s[0] || chdir(a->start.s) == 0);
}
