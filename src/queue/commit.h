/* SPDX-License-Identifier: ISC */

#ifndef QUEUE_COMMIT_H
#define QUEUE_COMMIT_H

#include "queue/entry.h"

/* commit: make the message in e, text and envelope completely written, durable, and hand it to qmail-send.
 *
 * QQ_OK: it is queued and will survive a power cut. Anything else: the caller must report failure; what
 * may be removed is what e->made still says. Descriptors are left to the exit that follows. */
extern qq_exit commit(entry *e);

#endif
