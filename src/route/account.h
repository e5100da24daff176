/* SPDX-License-Identifier: ISC */

#ifndef ROUTE_ACCOUNT_H
#define ROUTE_ACCOUNT_H

#include <stddef.h>
#include <sys/types.h>

/* Which account of the system gets mail for a local address (qmail-getpw(8)): the whole address if it is an
 * account, else what stands in front of a break character, the longest such part first. */

enum { ACCOUNT_NAME_MAX = 255 };        /* bytes of a name that is asked for */

/* account_next: how long the next part of local[0..n) is, the last one having been *e, which starts as n + 1.
 * 1, or 0 when there is none left. Parts that are too long for a name are passed over. */
extern int account_next(size_t *e, char const *local, size_t n, char separator);

typedef enum
{
	ACCOUNT_GETS,
	ACCOUNT_ROOT,           /* uid 0 gets no mail */
	ACCOUNT_HOMELESS,       /* there is no such home */
	ACCOUNT_STRANGER,       /* the home is not its own */
	ACCOUNT_UNKNOWN,        /* the home cannot be looked at now */
} account_verdict;

/* account_judge: whether an account gets mail, by its uid and what came of looking at its home: 0 or an errno,
 * and the owner. */
extern account_verdict account_judge(uid_t uid, int error, uid_t owner);

#endif
