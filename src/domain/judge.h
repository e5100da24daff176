/* SPDX-License-Identifier: ISC */

#ifndef DOMAIN_JUDGE_H
#define DOMAIN_JUDGE_H

#include "change.h"

/* Whether a domain can be added or removed, by what the files say: before anything is changed, when change_lock keeps
 * others of us out.
 *
 * CHANGE_DONE if so; else CHANGE_REFUSED, CHANGE_TROUBLE or CHANGE_NOMEM, and c->why. judge_remove sets
 * c->keep_assign. */
extern change_status judge_add(change *c);
extern change_status judge_remove(change *c);

/* judge_serves_others: whether virtualdomains leads mail of another domain to the line of users/assign that bears the
 * name of this one: 1, 0, or -1 with errno. */
extern int judge_serves_others(char const *domain);

#endif
