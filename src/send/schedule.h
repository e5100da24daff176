/* SPDX-License-Identifier: ISC */

#ifndef SEND_SCHEDULE_H
#define SEND_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/qpath.h"

/* When which message has its turn. Times are seconds since 1970. */

typedef enum { CHANNEL_LOCAL, CHANNEL_REMOTE } channel;
enum { CHANNELS = CHANNEL_REMOTE + 1 };

/* channel_kind: its recipient files. channel_name: as the log calls it. */
extern qpath_kind channel_kind(channel c);
extern char const *channel_name(channel c);

/* schedule_retry: when the recipients of a channel that a pass begun at now leaves over are tried again:
 * attempts are made at birth + (ck)^2, k = 0, 1, 2, ..., c = 10 for local and 20 for remote recipients.
 * Pure. Always later than birth; later than now unless birth lies in the future. */
extern int64_t schedule_retry(int64_t birth, int64_t now, channel c);

/* schedule_dying: whether a pass begun at now is the last. Pure. */
extern int schedule_dying(int64_t birth, int64_t now, unsigned int lifetime);

/* The lists. A message is in the list of a channel while its recipient file waits for a pass; in DONE when
 * no recipient is left; in BOUNCE when it waits for another's bounce to be sent before its own; in UNSURE
 * when the disk could not tell which of these. */
typedef enum { SCHEDULE_LOCAL, SCHEDULE_REMOTE, SCHEDULE_DONE, SCHEDULE_BOUNCE, SCHEDULE_UNSURE } schedule_list;
enum { SCHEDULE_LISTS = SCHEDULE_UNSURE + 1 };

extern schedule_list schedule_of(channel c);

/* schedule_add: does not fail: waits for memory. */
extern void schedule_add(schedule_list l, int64_t when, uint64_t id);

/* schedule_take: the first message of a list that is due at now: 1 with *id and the time it was due at,
 * taken out of the list; 0 when none is due. */
extern int schedule_take(schedule_list l, int64_t now, uint64_t *id, int64_t *when);

/* schedule_due: whether schedule_take would find one. schedule_first: 1 and when the first message of a
 * list is due, 0 when the list is empty. */
extern int schedule_due(schedule_list l, int64_t now);
extern int schedule_first(schedule_list l, int64_t *when);

/* schedule_hurry: everything that waits for a pass becomes due at now. */
extern void schedule_hurry(int64_t now);

/* After trouble with the disk, seconds to the next attempt. */
enum { SCHEDULE_TROUBLE = 123 };

#endif
