/* SPDX-License-Identifier: ISC */

#ifndef SEND_HELD_H
#define SEND_HELD_H

#include <stddef.h>
#include <stdint.h>

#include "send/job.h"
#include "send/turn.h"

/* Recipients that a pass has met while as many deliveries to their domain were under way as may be (send/quota.h).
 * The pass goes on to others; they are delivered to, in the order of their messages, as deliveries to the domain
 * end: nobody waits for a slot that somebody else could use, and none of them for its next retry.
 *
 * A message that waits for a domain is kept as one place in its recipient file, where the first of them stands, and
 * holds its job. When others of the message are due to be tried again first, it gives that place up, and the pass
 * that follows finds them anew. There are HELD_MAX such places; what does not get one is due again in
 * SCHEDULE_TROUBLE seconds. */
enum { HELD_MAX = 10000 };

/* held_back: whether the recipient, whose record a pass has met at offset of the job's file, has to wait. */
extern int held_back(job *j, uint64_t offset, char const *recipient, size_t n, int64_t now);

/* held_waits: whether somebody on a channel could be delivered to now, as far as domains go. held_start: start that
 * delivery, when delivery_available. */
extern int held_waits(channel c);
extern void held_start(channel c, int64_t now);

/* held_hurry: messages of which others were deferred give up their places, and are due at now. held_reload: so do all,
 * if other lines say now who counts together, and how many at once. */
extern void held_hurry(int64_t now);
extern void held_reload(int64_t now);

extern void held_selprep(turn *t);
extern void held_do(turn const *t);

#endif
