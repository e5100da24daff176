/* SPDX-License-Identifier: ISC */

#ifndef PROTO_STAY_H
#define PROTO_STAY_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* A qmail-getpw that stays after its first answer, for the next questions of one qmail-lspawn.
 *
 * Each is started by the protocol that every qmail-getpw knows (proto/getpw.h) and does what that asks of it. Ours
 * finds QMAILGETPW=stay in its environment, and leaves behind, as the same user, a process with three descriptors:
 *
 *   3   questions, a packet each: the local part, and the descriptor that the answer is to be written to.
 *       End of file: qmail-lspawn has gone
 *   4   an eventfd, one for each process that stays and has nothing to do
 *   5   a file with a byte for each that may stay; who stays has his locked
 *
 * The answer is what qmail-getpw prints, then end of file. No answer, none in time, or nobody idle: whoever asks runs a
 * qmail-getpw of his own, so that one that was put in place of ours, or hangs, or fails, is asked as ever; and more
 * stay when more ask at once. Who stays ends after some questions, when there are none, and when bin/qmail-getpw is
 * another file than the one that it runs: what was replaced answers no more. */

enum { STAY_MOST = 8, STAY_QUESTION_MAX = 2048 };

/* stay_open: in qmail-lspawn, once. Without it, or if it fails, every question is asked the old way. 1, or 0. */
extern int stay_open(void);

/* stay_ask: ask somebody who is idle; waits two seconds at most. 1 and *answer, or 0. */
extern int stay_ask(stralloc *answer, char const *local);

/* stay_offer: in a process that is about to run bin/qmail-getpw: let it stay. Best effort. */
extern void stay_offer(void);

/* stay_behind: in qmail-getpw, when it starts, with what QMAILGETPW holds (maybe null): 1 in the process that stays, with descriptors 0 to 2 on /dev/null; 0 in
 * the one that has a question to answer, which is the only one where nobody asked or there are enough. */
extern int stay_behind(char const *wish);

/* stay_next: in the one that stays: wait for the next question. 1, *local NUL-terminated and *reply for the answer,
 * which is to be closed; 0: there is nothing more to do, end. */
extern int stay_next(stralloc *local, int *reply);

#endif
