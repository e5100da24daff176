/* SPDX-License-Identifier: ISC */

#ifndef INSTALL_ACCOUNTS_H
#define INSTALL_ACCOUNTS_H

#include <sys/types.h>

#include <skalibs/stralloc.h>

#include "base/conf.h"

typedef struct accounts
{
	uid_t uid[CONF_USERS_MAX];
	gid_t gid[CONF_GROUPS_MAX];
} accounts;

/* accounts_find: the numbers of all our users and groups into *a.
 *
 * 1 when all exist. 0 when some do not: *cure then has the shell commands that create them, a line each,
 * indented by two blanks. -1 with errno when the look-up itself failed. */
extern int accounts_find(accounts *a, stralloc *cure);

#endif
