/* SPDX-License-Identifier: ISC */

#ifndef QUEUE_ENTRY_H
#define QUEUE_ENTRY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/qpath.h"
#include "proto/qq.h"

/* The files of a message that is being queued, up to the moment when it belongs to qmail-send. The current
 * directory is the queue. All functions give QQ_OK or the code to exit with. */
typedef struct entry
{
	qpath_layout layout;
	uint64_t id;            /* the message's number: the inode of its text */
	int fd_mess;
	int fd_intd;
	uint64_t mess_size;     /* bytes given to entry_text and entry_records so far */
	uint64_t intd_size;
	unsigned int made;      /* which of these names exist and are ours to remove */
	char pid[QPATH_FMT];
	char mess[QPATH_FMT];
	char intd[QPATH_FMT];
	char todo[QPATH_FMT];
} entry;
#define ENTRY_ZERO { .fd_mess = -1, .fd_intd = -1 }

enum { ENTRY_PID = 1, ENTRY_MESS = 2, ENTRY_INTD = 4 };

/* entry_create: an empty file pid/PID.NOW.SEQ, open for the text; its inode decides all names. One whose number
 * something in todo has already is passed over. */
extern qq_exit entry_create(entry *e, pid_t pid, int64_t now);

/* entry_place: give the text its name in mess, take away the one in pid. */
extern qq_exit entry_place(entry *e);

/* entry_envelope: create intd/N. Only after entry_place: that name is what makes N ours. */
extern qq_exit entry_envelope(entry *e);

/* entry_text, entry_records: append to mess/N, intd/N. */
extern qq_exit entry_text(entry *e, char const *s, size_t n);
extern qq_exit entry_records(entry *e, char const *s, size_t n);

/* entry_abandon: remove every name that is still ours. Best effort; what stays is swept up after 36 hours. */
extern void entry_abandon(entry *e);

#endif
