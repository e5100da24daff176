/* SPDX-License-Identifier: ISC */

#ifndef SEND_SWEEP_H
#define SEND_SWEEP_H

#include "send/turn.h"

/* Once a day: message files that nobody refers to, left by a qmail-queue that was killed, are removed when
 * they are older than any qmail-queue can be. */

/* sweep_do: one directory entry a turn. */
extern void sweep_selprep(turn *t);
extern void sweep_do(turn const *t);

#endif
