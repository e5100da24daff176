/* SPDX-License-Identifier: ISC */

#ifndef DOMAIN_OWNER_H
#define DOMAIN_OWNER_H

#include <sys/types.h>

#include <skalibs/stralloc.h>

/* Who gets the mail of a domain, as the administrator names him. */

typedef struct owner
{
	stralloc line;          /* of users/assign, without a newline; these are NUL-terminated */
	stralloc directory;
	stralloc why;           /* what is wrong */
	uid_t uid;              /* of the account */
	gid_t gid;
} owner;
#define OWNER_ZERO { .line = STRALLOC_ZERO, .directory = STRALLOC_ZERO, .why = STRALLOC_ZERO }

/* owner_account: an account and a directory (null: its home) for the addresses PREFIX-anything: line and directory.
 * 1; 0 if that cannot be, and why; -1 with errno.
 * owner_prefix: whether addresses PREFIX-anything are somebody's: an account's, a line's of users/assign, or alias has
 * a file for them. As owner_account.
 * All look at directories as the account does, and wait no longer than five seconds for them (ETIMEDOUT).
 * owner_forgotten: whether directory lacks something that an administrator will want; then why. */
extern int owner_account(owner *o, char const *prefix, char const *account, char const *directory);
extern int owner_prefix(owner *o, char const *prefix);
extern int owner_forgotten(owner *o);

#endif
