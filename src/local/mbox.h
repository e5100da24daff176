/* SPDX-License-Identifier: ISC */

#ifndef LOCAL_MBOX_H
#define LOCAL_MBOX_H

#include "outcome.h"
#include "route/delivery.h"

/* mbox_deliver: the message at the end of the file, which is created if need be (mbox(5)). When it returns
 * 1 the message is on disk. 0: *o set; what was written is taken back if the file could be locked. */
extern int mbox_deliver(outcome *o, delivery const *d, char const *file);

#endif
