/* SPDX-License-Identifier: ISC */

#ifndef EXPLAIN_DIFFERS_H
#define EXPLAIN_DIFFERS_H

#include "recipient/inuse.h"
#include "steps.h"

/* differs_explain: warnings where the files of this home are not what decides: mail is delivered by another home, or
 * qmail-send knows older files. The current directory is the home. */
extern void differs_explain(steps *s, inuse const *u);

#endif
