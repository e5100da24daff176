/* SPDX-License-Identifier: ISC */

#ifndef SEND_TODO_H
#define SEND_TODO_H

#include <stdint.h>

#include "send/turn.h"

/* New messages: from todo/N to info/N, local/N and remote/N (states S4 to S5 of qmail's INTERNALS).
 *
 * Entries are taken in batches that share their flushes. Everything of a batch is on disk, names included,
 * before qmail-clean is asked to remove its todo files. */

/* todo_init: arm the trigger; the first scan is due at once. */
extern void todo_init(void);

/* todo_set_back: the clock was set back by so many seconds. */
extern void todo_set_back(int64_t by);

extern void todo_selprep(turn *t);
extern void todo_do(turn const *t);

#endif
