/* SPDX-License-Identifier: ISC */

#ifndef ROUTE_RCPTHOSTS_H
#define ROUTE_RCPTHOSTS_H

#include <stddef.h>

#include "base/constmap.h"

/* Whom we take mail for, and from whom we take none: control/rcpthosts, morercpthosts and badmailfrom
 * (qmail-smtpd(8)), over tables that the caller has read. */

typedef enum { RCPTHOSTS_ERROR = -1, RCPTHOSTS_NO = 0, RCPTHOSTS_YES = 1 } rcpthosts_status;

/* Looks key[0..n), in lower case, up in the large list that does not fit a constmap: 1, 0, or -1 when it
 * cannot tell: no memory, a damaged file. */
typedef int rcpthosts_lookup(void *data, char const *key, size_t n);

/* rcpthosts_allows: whether mail for address[0..n) is taken.
 *
 * An address without @ is. Otherwise what is behind the last @, then each part of it that starts with a
 * dot, left to right, is looked for in hosts, and then, if more is not null, through more. A host of more
 * than 1023 bytes is in no list. ERROR comes from more alone. */
extern rcpthosts_status rcpthosts_allows(constmap const *hosts, rcpthosts_lookup *more, void *data,
	char const *address, size_t n);

/* rcpthosts_badmailfrom: whether the sender address[0..n), or its last @ with what follows, is listed. */
extern int rcpthosts_badmailfrom(constmap const *bad, char const *address, size_t n);

#endif
