/* SPDX-License-Identifier: ISC */

#ifndef RCPTD_ELSEWHERE_H
#define RCPTD_ELSEWHERE_H

#include <stdint.h>

/* Whether mail that comes in at this home is delivered by something else than its qmail-send and qmail-lspawn, with
 * tables of its own: then the ones here tell of nobody that he is not there.
 *
 * QMAILLOCAL is set                        another program delivers
 * bin/qmail-queue leads out of the home    the queue is another home's (and out of bin, which may be a link itself)
 * queue leads to another home              its qmail-send runs on it
 * control/queueroutes is there             qmail-queue-route chooses the queue */

/* elsewhere_why: what of that is so, or null. The current directory is the home. */
extern char const *elsewhere_why(void);

/* elsewhere_now: whether; asks at most once a second, and says on descriptor 2 when it is so and when no longer. now is
 * milliseconds on a clock that nobody sets. */
extern int elsewhere_now(int64_t now);

#endif
