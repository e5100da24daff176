/* SPDX-License-Identifier: ISC */

#ifndef EXPLAIN_REWRITING_H
#define EXPLAIN_REWRITING_H

#include "recipient/tables.h"
#include "steps.h"

/* rewriting_explain: what qmail-send does with an address: the steps, and the recipient it becomes into *recipient (no
 * final NUL). REWRITE_NOMEM also where a file could not be read: *s has the result. */
extern rewrite_route rewriting_explain(steps *s, tables const *r, char const *address, stralloc *recipient);

#endif
