/* SPDX-License-Identifier: ISC */

#ifndef SEND_CLEANER_H
#define SEND_CLEANER_H

#include <stdint.h>

#include "proto/clean.h"
#include "send/turn.h"

/* The pipe pair to qmail-clean. Requests go out ahead of the replies, which come in their order. */

/* What happens when the reply to a request comes: reply is its byte, or CLEANER_LOST when qmail-clean has
 * gone away before (told to the oldest request only; turn_stop has not been called yet). */
enum { CLEANER_LOST = -1 };
typedef void cleaner_answered(uint64_t id, int reply, int64_t now);

/* cleaner_init: take the descriptors over; the request side becomes non-blocking. 1, or 0 with errno. */
extern int cleaner_init(int fd_requests, int fd_replies);

/* cleaner_room: how many requests may be added now. cleaner_ask: add one; there must be room. answered
 * may be null: then a refusal is logged and that is all. Nothing is asked once qmail-clean is lost. */
extern unsigned int cleaner_room(void);

/* cleaner_has: whether a request about message id still waits for its reply. Once that is carried out the
 * number may be another message's, which a second request would remove: nobody asks twice. */
extern int cleaner_has(uint64_t id);
extern void cleaner_ask(clean_verb verb, uint64_t id, cleaner_answered *answered);

/* cleaner_idle: no reply is waited for. cleaner_alive: qmail-clean is not known to be gone. */
extern int cleaner_idle(void);
extern int cleaner_alive(void);

/* cleaner_do: take replies. cleaner_write: send what was asked for; last in a turn, so that the requests of a turn go
 * together. */
extern void cleaner_selprep(turn *t);
extern void cleaner_do(turn const *t);
extern void cleaner_write(turn const *t);

#endif
