/* SPDX-License-Identifier: ISC */

#ifndef SEND_DAMAGE_H
#define SEND_DAMAGE_H

#include <stdint.h>

#include "proto/qpath.h"
#include "send/turn.h"

/* Files of the queue that nobody can make sense of. They are left as they are and looked at again with each
 * retry, with the line in the log that qmail has always written. That line does not say that waiting will not
 * help; a remark does, some seconds later, once for each file. The last DAMAGE_FILES are remembered. */

enum { DAMAGE_FILES = 64 };

/* damage_note: a file and what is wrong with it and how to mend it, in words (not copied). damage_note_name: the
 * same for another name in a directory of the queue (empty: the queue itself). */
extern void damage_note(qpath_kind k, uint64_t id, char const *what);
extern void damage_note_name(char const *directory, char const *name, char const *what);

extern void damage_selprep(turn *t);
extern void damage_do(turn const *t);

#endif
