/* SPDX-License-Identifier: ISC */

#ifndef SEND_PASS_H
#define SEND_PASS_H

#include "send/turn.h"

/* Passes: going through the recipient file of a message that is due, starting a delivery for each
 * recipient that is not done. The channels take turns, step by step.
 *
 * As a rule the next message begins when a pass is through. A pass that has started PASS_QUANTUM deliveries
 * lets others go before it goes on, PASS_MAX of them open at once: a mailing to 100,000 people does not hold
 * up the letter behind it. */
enum { PASS_QUANTUM = 20, PASS_MAX = 8 };

extern void pass_selprep(turn *t);
/* pass_do: some steps, as long as there is something to do without waiting. */
extern void pass_do(turn const *t);

#endif
