/* SPDX-License-Identifier: ISC */

#ifndef SEND_BOUNCE_H
#define SEND_BOUNCE_H

#include <stddef.h>
#include <stdint.h>

#include <skalibs/stralloc.h>

#include "send/turn.h"

/* Permanent failures: kept in bounce/N until the message is done, then sent to whoever sent it. */

/* bounce_init: once, at the start: make the names of the notes that an earlier qmail-send left durable, in
 * case it was killed before it could. */
extern void bounce_init(void);

/* bounce_append: note that recipient[0..n) of message id has failed. When it returns 1, the note is on disk,
 * whatever happens next: it does not return before that. 0: something is in the place of the file that is none, and
 * nothing can be noted: the recipient has to be tried again. recipient is as rewritten. */
extern int bounce_append(uint64_t id, char const *recipient, size_t recipientlen, char const *text, size_t n);

/* bounce_note: the same note, added to *notes; waits for memory. */
extern void bounce_note(stralloc *notes, char const *recipient, size_t recipientlen, char const *text, size_t n);

/* bounce_inject: start sending the bounce of a message whose bounce file is there; sender is its envelope
 * sender as queued. Later ended is called: with ok, the bounce is queued and the file gone; without,
 * nothing has changed and the message is to be looked at again later. A queue program that takes longer than an
 * hour, or a minute once we are to stop, is killed. bounce_busy: one is being sent;
 * then no other can be started. */
typedef void bounce_ended(uint64_t id, int ok, int64_t now);
extern int bounce_busy(void);
extern void bounce_inject(uint64_t id, char const *sender, size_t n, bounce_ended *ended, int64_t now);

/* bounce_fresh: one has been started a moment ago. New messages wait that moment, so that the log tells of
 * a bounce before it tells of the message that it is. */
extern int bounce_fresh(int64_t now);

extern void bounce_selprep(turn *t);
extern void bounce_do(turn const *t);

#endif
