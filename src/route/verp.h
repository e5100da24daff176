/* SPDX-License-Identifier: ISC */

#ifndef ROUTE_VERP_H
#define ROUTE_VERP_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* Variable envelope return paths: a sender pre@host-@[] stands for a sender of its own for each recipient,
 * so that a bounce tells which subscriber is gone. */

/* verp_sender: append to *sa the sender for a delivery to recipient: for a sender of that shape and a
 * recipient box@domain, pre box = domain @ host, the last @ dividing both; any other sender as it is.
 * 0 when out of memory. */
extern int verp_sender(stralloc *sa, char const *sender, size_t senderlen, char const *recipient, size_t recipientlen);

/* verp_owner: how long sender[0..n) is without the mark -@[] at its end: who gets a bounce. */
extern size_t verp_owner(char const *sender, size_t n);

#endif
