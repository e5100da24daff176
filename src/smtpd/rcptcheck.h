/* SPDX-License-Identifier: ISC */

#ifndef SMTPD_RCPTCHECK_H
#define SMTPD_RCPTCHECK_H

#include <skalibs/stralloc.h>

#include "recipient.h"

/* rcptcheck_ask: ask the program in $RCPTCHECK, if there is one and it is for this client. Null: the recipient is
 * taken. Else the reply, which is a constant or in *text; *unknown: it is nobody. */
extern char const *rcptcheck_ask(recipient_case const *r, stralloc *text, int *unknown);

/* rcptcheck_reply: whether what a program has written can be a reply that refuses: 4 or 5, two digits, a blank. Its
 * first line is left of it, fit for a client, with a NUL behind it. */
extern int rcptcheck_reply(stralloc *text);

#endif
