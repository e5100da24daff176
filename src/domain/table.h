/* SPDX-License-Identifier: ISC */

#ifndef DOMAIN_TABLE_H
#define DOMAIN_TABLE_H

#include <skalibs/stralloc.h>

#include "base/constmap.h"
#include "base/control.h"

/* What control/virtualdomains and users/assign say of domains. */

typedef struct table
{
	control_list list;
	constmap virtualdomains;
	stralloc assign;        /* the text */
} table;
#define TABLE_ZERO { .list = CONTROL_LIST_ZERO, .virtualdomains = CONSTMAP_ZERO, .assign = STRALLOC_ZERO }

/* table_load: 1, or 0 with errno. A file that is not there is empty. The current directory is the home. */
extern int table_load(table *t);

/* table_knows: whether one of the files has the domain. table_owns_assign: whether the line of users/assign that bears
 * its name serves it alone. */
extern int table_knows(table const *t, char const *domain);
extern int table_owns_assign(table const *t, char const *domain);

/* table_warn_rest: warn of the lines of virtualdomains for single addresses of the domain, which stay. */
extern void table_warn_rest(table const *t, char const *domain);

/* table_list: for each domain in virtualdomains, in their order, a line of domain, prefix, account and directory with
 * tabs between them; - for what users/cdb does not say. Appended to *out. 0 without memory. */
extern int table_list(table const *t, stralloc *out);

#endif
