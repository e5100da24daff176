/* SPDX-License-Identifier: ISC */

#ifndef DOMAIN_TABLE_H
#define DOMAIN_TABLE_H

#include <skalibs/stralloc.h>

#include "base/constmap.h"
#include "base/control.h"
#include "proto/compiled.h"

/* What control/virtualdomains and users/assign say of domains. */

typedef struct table
{
	control_list list;
	constmap virtualdomains;
	stralloc assign;        /* the text */
} table;
#define TABLE_ZERO { .list = CONTROL_LIST_ZERO, .virtualdomains = CONSTMAP_ZERO, .assign = STRALLOC_ZERO }

/* table_load: the texts. table_load_used: of virtualdomains the text or the cdb, whichever counts; *from says which.
 * 1, or 0 with errno. A file that is not there is empty. The current directory is the home. table_free: always. */
extern int table_load(table *t);
extern int table_load_used(table *t, compiled_source *from);
extern void table_free(table *t);

/* table_knows: whether one of the files has the domain.
 * table_leads_elsewhere: whether virtualdomains leads its mail to another line of users/assign than that which bears
 * its name. table_serves_others: whether it leads the mail of another domain to that. */
extern int table_knows(table const *t, char const *domain);
extern int table_leads_elsewhere(table const *t, char const *domain);
extern int table_serves_others(table const *t, char const *domain);

/* table_address: the next line of virtualdomains that is for a single address of the domain; null: there are no more.
 * Start with *i = 0; it is set to where to go on. */
extern char const *table_address(table const *t, char const *domain, size_t *i);

/* table_list: for each domain in virtualdomains, in their order, a line of domain, prefix, account and directory with
 * tabs between them; - for what users/cdb does not say. Appended to *out. 0 with errno: EPROTO, users/cdb is
 * damaged. */
extern int table_list(table const *t, stralloc *out);

#endif
