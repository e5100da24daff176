/* SPDX-License-Identifier: ISC */

#ifndef QUEUE_ORIGIN_H
#define QUEUE_ORIGIN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Where a message comes from, as the real uid of qmail-queue's caller tells. */
typedef enum origin { ORIGIN_ALIAS, ORIGIN_NETWORK, ORIGIN_BOUNCE, ORIGIN_UID } origin;

/* origin_line: the Received line that goes before the message:
 * "Received: (qmail 1234 invoked by uid 1000); 22 Nov 2026 02:00:54 -0000\n", in place of "by uid N" also
 * "by alias", "from network" or "for bounce". Writes to s (ORIGIN_FMT bytes), returns the length. */
enum { ORIGIN_FMT = 128 };
extern size_t origin_line(char *s, origin o, uid_t uid, pid_t pid, int64_t now);

#endif
