/* SPDX-License-Identifier: ISC */

#ifndef PROTO_QPATH_H
#define PROTO_QPATH_H

#include <stddef.h>
#include <stdint.h>

/* Names of the queue's files, relative to the queue directory (qmail's INTERNALS layout).
 *
 * mess, info, local and remote are split into subdirectories 0 .. split-1 by number modulo split. todo
 * and intd are flat in qmail 1.03 and split the same way in queues of the big-todo patch: the directory
 * tells which (qpath_detect). */

enum { QPATH_FMT = 64 };

typedef enum { QPATH_MESS, QPATH_INTD, QPATH_TODO, QPATH_INFO, QPATH_LOCAL, QPATH_REMOTE, QPATH_BOUNCE } qpath_kind;
enum { QPATH_KINDS = QPATH_BOUNCE + 1 };

typedef struct qpath_layout
{
	unsigned int split;     /* at least 1 */
	int big_todo;           /* todo and intd have subdirectories too */
} qpath_layout;

/* qpath_detect: look at the queue in the current directory: the split is conf_split where mess/ ends just
 * there, else as far as mess/0, mess/1, ... go without a gap; big_todo if todo/0 is a directory. Three
 * system calls in the usual case: qmail-queue asks for every message.
 * 1, or 0 with errno: ENOENT, no mess/0: this is not a queue; anything else, a directory could not be looked
 * at: nobody may guess then, since text put into a wrong subdirectory is never found. */
extern int qpath_detect(qpath_layout *l);

/* qpath_fmt: the name of file number id of a kind, NUL-terminated, into s (QPATH_FMT bytes).
 * Returns its length without the NUL. qpath_dir_fmt: the name of the directory it is in.
 * qpath_mess_fmt: "S/N", relative to mess/, as spawners get it. */
extern size_t qpath_fmt(char *s, qpath_layout const *l, qpath_kind k, uint64_t id);
extern size_t qpath_dir_fmt(char *s, qpath_layout const *l, qpath_kind k, uint64_t id);
extern size_t qpath_mess_fmt(char *s, qpath_layout const *l, uint64_t id);

/* qpath_scan: a file name that is a message number: decimal digits only, within 64 bits, and no zero in
 * front: 00123 is not the name of 123. 1 and *id, or 0. */
extern int qpath_scan(char const *name, uint64_t *id);

#endif
