/* SPDX-License-Identifier: ISC */

#ifndef LINT_SETUP_H
#define LINT_SETUP_H

#include "findings.h"
#include "proto/hosts.h"
#include "recipient/tables.h"

/* The settings that have to fit each other, as the programs read them, and the texts they come from. */

typedef struct setup_list
{
	char const *file;
	int present;
	control_list list;
	constmap map;           /* of the entries, or of what stands before the colon */
} setup_list;

typedef struct setup
{
	tables tables;          /* what decides */
	hosts hosts;
	stralloc notes;         /* hosts'; kept for nobody */
	int usable;             /* tables and hosts could be loaded */
	setup_list locals;      /* the texts, with the numbers of their lines */
	setup_list virtualdomains;
	setup_list rcpthosts;
	setup_list morercpthosts;
	setup_list percenthack;
	stralloc assign;        /* the text of users/assign */
	int has_assign;
	control_list only;      /* the domains that are asked about; none: all */
	int domains_only;
} setup;

/* setup_read: the text of a file into *text, replacing what was there; other things than files are not read. 1, or
 * 0 with errno. */
extern int setup_read(stralloc *text, char const *file);

/* setup_load: what cannot be read is a finding. setup_free. */
extern void setup_load(setup *s, findings *f);
extern void setup_free(setup *s);

/* setup_wants: whether we are to speak about a domain, which may have a dot or a box and an @ in front. */
extern int setup_wants(setup const *s, char const *pattern, size_t n);

/* setup_accepts: whether mail for an address at domain[0..n) is taken by SMTP: as of rcpthosts_allows. */
extern int setup_accepts(setup *s, char const *domain, size_t n);

#endif
