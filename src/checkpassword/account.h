/* SPDX-License-Identifier: ISC */

#ifndef CHECKPASSWORD_ACCOUNT_H
#define CHECKPASSWORD_ACCOUNT_H

#include <stddef.h>
#include <sys/types.h>

#include <skalibs/stralloc.h>

enum { ACCOUNT_GROUPS_MAX = 1024 };

/* Whom somebody is let in as. */
typedef struct account
{
	stralloc name;          /* these four NUL-terminated */
	stralloc home;
	stralloc start;         /* where the session starts, seen from home; may be empty */
	stralloc shell;
	uid_t uid;
	gid_t gid;
	gid_t groups[ACCOUNT_GROUPS_MAX];
	int n;                  /* groups */
} account;
#define ACCOUNT_ZERO { .n = 0 }

/* What a source of accounts says of a name and a password. */
typedef enum
{
	VERDICT_YES,            /* that is he: the account is filled */
	VERDICT_NO,             /* he is known, and this is not he; or he may not log in now */
	VERDICT_UNKNOWN,        /* ask the next source */
	VERDICT_TROUBLE,        /* it cannot be found out now */
} verdict;

/* account_fill: the four strings. 1, or 0: no memory.
 * account_become: take the ids on, for good, and go to the account's directory. 1, or 0 with errno and *what was
 * tried, for a message. */
extern int account_fill(account *a, char const *name, char const *home, char const *start, char const *shell);
extern int account_become(account const *a, char const **what);

#endif
