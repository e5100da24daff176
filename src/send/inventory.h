/* SPDX-License-Identifier: ISC */

#ifndef SEND_INVENTORY_H
#define SEND_INVENTORY_H

#include "send/turn.h"

/* What is in the queue when qmail-send starts, and what it leaves behind for the next start. */

/* inventory_load: put every preprocessed message into the schedule: a channel is due at the time its
 * recipient file was last changed. Waits for directories that cannot be read. */
extern void inventory_load(void);

/* inventory_do: look again at one of the messages that the disk could tell nothing of. */
extern void inventory_selprep(turn *t);
extern void inventory_do(turn const *t);

/* inventory_save: before the end: the time of each recipient file that waits becomes its due time. A file
 * whose pass was not through stays as it is: due at once. */
extern void inventory_save(void);

#endif
