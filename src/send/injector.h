/* SPDX-License-Identifier: ISC */

#ifndef SEND_INJECTOR_H
#define SEND_INJECTOR_H

#include <stddef.h>

#include "send/letter.h"

/* A process that sends bounces for qmail-send, which gives up starting programs, as qmail-queue is setuid.
 *
 * It knows what qmail-send does when it is started (environment, control values) and holds nothing but its end of a
 * socket whose packets are
 *
 *   B sender      a bounce to that address; with it the descriptors of the notes and, unless it is gone, of the message
 *   X             kill the queue program that works on it; nothing happens if none does
 *
 * and, back, a letter_result for each B, once its letter is sent or is not. One B at a time: another is answered with
 * LETTER_NOT_STARTED. What is none of these is passed over. No signal but SIGKILL ends it, since people signal
 * whatever shows the name qmail-send: it goes when the other end of the socket does, and with it a queue program
 * that has not finished. */

/* injector_start: after the control values are read. name: our argv[0], replaced in the other process by a name that
 * is not found as ours; or null. 1, or 0 with errno. An injector that was started before ends. */
extern int injector_start(char *name);

/* injector_fd: what to watch for reading, always: it tells of results, and of the end. -1 when there is no injector. */
extern int injector_fd(void);

/* injector_ask: hand over a bounce; message may be -1. The descriptors stay the caller's. injector_kill: end the queue
 * program; the result comes as ever. Neither waits. injector_ask returns 1, or 0 with errno. */
extern int injector_ask(char const *sender, size_t n, int notes, int message);
extern void injector_kill(void);

/* injector_take: when injector_fd is ready. */
typedef enum injector_news { INJECTOR_NOTHING, INJECTOR_RESULT, INJECTOR_LOST } injector_news;
extern injector_news injector_take(letter_result *r);

#endif
