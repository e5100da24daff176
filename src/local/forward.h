/* SPDX-License-Identifier: ISC */

#ifndef LOCAL_FORWARD_H
#define LOCAL_FORWARD_H

#include "outcome.h"
#include "route/delivery.h"

/* forward_send: queue the message once more, with our Delivered-To line in front and d->newsender as its
 * sender, for the recipients in list: each NUL-terminated, one behind the other. 1 with *qp for the
 * report once the new message is on disk, or 0 with *o set. */
extern int forward_send(outcome *o, delivery const *d, stralloc const *list, unsigned long *qp);

#endif
