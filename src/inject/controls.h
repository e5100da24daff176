/* SPDX-License-Identifier: ISC */

#ifndef INJECT_CONTROLS_H
#define INJECT_CONTROLS_H

#include <skalibs/stralloc.h>

#include "base/constmap.h"
#include "base/control.h"
#include "inject/fault.h"
#include "mail/complete.h"

/* What an administrator, or the user's environment in his place, has settled. */
typedef struct controls
{
	complete_rules rules;   /* defaulthost, defaultdomain, plusdomain */
	stralloc idhost;
	control_list lists;     /* addresses of mailing lists, from the user's file */
	constmap list_map;
} controls;
#define CONTROLS_ZERO \
	{ .rules = COMPLETE_RULES_ZERO, .idhost = STRALLOC_ZERO, .lists = CONTROL_LIST_ZERO, .list_map = CONSTMAP_ZERO }

/* controls_read: everything, each file once. Starts in the caller's directory, where $QMAILMFTFILE may be, and
 * ends in the home. 1, or 0 and *f. */
extern int controls_read(controls *c, fault *f);

#endif
