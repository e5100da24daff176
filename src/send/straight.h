/* SPDX-License-Identifier: ISC */

#ifndef SEND_STRAIGHT_H
#define SEND_STRAIGHT_H

#include <stddef.h>
#include <stdint.h>

#include "send/job.h"
#include "send/preprocess.h"
#include "send/turn.h"

/* First attempts straight from todo.
 *
 * todo/N, with mess/N, is all that is needed to deliver a message again after a crash. So one with few recipients gets
 * its first attempt before anything else of it is written. If that ends soon, everybody having got it, or the bounce
 * for those who have not being queued, the message is removed: todo first, then mess; what a crash leaves is a message
 * that is delivered again, or a text that nobody refers to. Otherwise (somebody was deferred, STRAIGHT_SECONDS
 * are over, we are to stop) it leaves for info, local and remote, with those marked who are done, on disk before todo
 * goes; from then on it is like any other. Until then the marks are in memory alone.
 *
 * There is at most one of a number: qmail-queue can give the number to another message only when mess is gone, and
 * qmail-clean is asked for that when todo is known to be gone; it is forgotten here then. */

enum { STRAIGHT_SECONDS = 2 };

/* straight_take: a message that was read, from todo: 1 if it goes straight; then *e is empty. 0 if it has to be written
 * at once: it is not small, nobody is to get it, or a channel has no place for it in the near future. */
extern int straight_take(preprocess *e, int64_t now);

/* straight_has: whether a message is here, and so its todo file not new. */
extern int straight_has(uint64_t id);

/* straight_leaving: the next message that has to be written; null if none. The caller makes its files durable and its
 * todo file go, and says in any case how that ended: straight_written, ok or not. */
extern preprocess *straight_leaving(int64_t now);
extern int straight_next(int64_t *when);        /* when there will be one, as things are: 1, or 0 if there is nobody */
extern void straight_written(preprocess *e, int ok, int64_t now);

/* straight_waits: whether a delivery on a channel can be started; by straight_start, one at a time.
 * straight_in_midst: whether it is one of several of a message that has been begun. */
extern int straight_waits(channel c);
extern int straight_in_midst(channel c);
extern void straight_start(channel c, int64_t now);

/* What becomes of a job that has m set. straight_mark: its recipient at offset is done. straight_note: one has failed.
 * They return 1 if that has to be noted in the message's files as well, for they are written. straight_ended: the
 * last reference is gone. */
extern int straight_mark(job *j, uint64_t offset);
extern int straight_note(job *j, char const *recipient, size_t recipientlen, char const *text, size_t n);
extern void straight_ended(job *j, int64_t now);

/* straight_hurry: those who were deferred are tried again at now. */
extern void straight_hurry(int64_t now);

/* straight_busy: once we are to stop, whether there is something to wait for besides deliveries. straight_give_up: say
 * of whom it is known that they will get their message twice. */
extern int straight_busy(void);
extern void straight_give_up(void);

extern void straight_selprep(turn *t);
extern void straight_do(turn const *t);

#endif
