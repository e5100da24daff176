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

/* Messages that wait for a pass over their recipients, for each channel: new ones, and those that are tried
 * again. A message waits at most once on a channel.
 *
 * schedule_wait: does not fail: waits for memory. */
typedef enum { SCHEDULE_RETRY, SCHEDULE_NEW } schedule_age;
extern void schedule_wait(channel c, schedule_age age, int64_t when, uint64_t id);

/* schedule_pass: whose turn it is on a channel: 1, *id and its *age, out of the list; 0 when nobody is due at now.
 * The earliest first; but while new ones are due, only every fourth turn is for an old one, so that a pile
 * of undeliverable mail does not slow down the mail that can be delivered. With SCHEDULE_NEW as least, here and
 * below, new ones only. */
extern int schedule_pass(channel c, schedule_age least, int64_t now, uint64_t *id, schedule_age *age);

/* schedule_pass_due: whether schedule_pass would find one. schedule_pass_first: 1 and when the first is due,
 * 0 when nobody waits. */
extern int schedule_pass_due(channel c, schedule_age least, int64_t now);
extern int schedule_pass_first(channel c, schedule_age least, int64_t *when);

/* schedule_drain: any message that waits on a channel, due or not: 1, *id and *when, out of the list. */
extern int schedule_drain(channel c, uint64_t *id, int64_t *when);

/* schedule_hurry: everything that waits for a pass becomes due at now. */
extern void schedule_hurry(int64_t now);

/* schedule_set_back: the clock was set back by so many seconds: whoever waits, here and below, waits as long as
 * before. (Set forward, they become due, and are tried: that does no harm.) */
extern void schedule_set_back(int64_t by);

/* Messages that wait for something else: DONE, for their end, nobody being left to deliver them to; BOUNCE,
 * for another's bounce to be sent before their own; UNSURE, for the disk to tell which of these. */
typedef enum { SCHEDULE_DONE, SCHEDULE_BOUNCE, SCHEDULE_UNSURE } schedule_list;
enum { SCHEDULE_LISTS = SCHEDULE_UNSURE + 1 };

/* schedule_add: does not fail. schedule_take: the first that is due at now: 1 and *id, out of the list.
 * schedule_first: 1 and when the first is due, 0 when the list is empty. */
extern void schedule_add(schedule_list l, int64_t when, uint64_t id);
extern int schedule_take(schedule_list l, int64_t now, uint64_t *id);
extern int schedule_first(schedule_list l, int64_t *when);

/* After trouble with the disk, seconds to the next attempt. */
enum { SCHEDULE_TROUBLE = 123 };

#endif
