/* SPDX-License-Identifier: ISC */

#ifndef EXPLAIN_REMOTE_H
#define EXPLAIN_REMOTE_H

#include "steps.h"

/* remote_explain: where qmail-remote goes for a recipient (NUL-terminated): the line of control/smtproutes, or the
 * mail exchangers. Asks name servers, connects to nobody. *s gets the result. The current directory is the home. */
extern void remote_explain(steps *s, char const *sender, char const *recipient);

#endif
