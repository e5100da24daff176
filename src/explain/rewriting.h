/* SPDX-License-Identifier: ISC */

#ifndef EXPLAIN_REWRITING_H
#define EXPLAIN_REWRITING_H

#include "base/control.h"
#include "route/rewrite.h"
#include "steps.h"

/* What qmail-send does with a recipient. */
typedef struct rewriting
{
	rewrite_tables tables;
	stralloc envnoathost;
	control_list locals;
	control_list percenthack;
	control_list virtualdomains;
	char const *noat_file;          /* where envnoathost stands; null: nowhere */
	char const *locals_file;
	char const *unread;             /* the file that could not be read, or null */
	int error;                      /* why */
} rewriting;

/* rewriting_load: the control files, as they are now, below the current directory. What cannot be read is
 * remembered: then nothing can be said about any address. */
extern void rewriting_load(rewriting *r);

/* rewriting_explain: the steps of an address, and the recipient it becomes into *recipient (no final NUL).
 * REWRITE_NOMEM also where a file could not be read: *s has the result. */
extern rewrite_route rewriting_explain(steps *s, rewriting const *r, char const *address, stralloc *recipient);

#endif
