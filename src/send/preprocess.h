/* SPDX-License-Identifier: ISC */

#ifndef SEND_PREPROCESS_H
#define SEND_PREPROCESS_H

#include <stddef.h>
#include <stdint.h>

#include <skalibs/stralloc.h>

#include "proto/qpath.h"

/* Rewriting the envelope of one new message: from todo/N to what belongs into info/N, local/N and remote/N. A small
 * envelope is kept in memory, so that it need not be written for its first attempt (straight.h); one of any size
 * takes a few blocks of memory. The first of these files that is written costs a flush of todo's directory, for all
 * messages that were read before: read first, then write. */

/* The files a message may get, in the order they are made durable. */
enum { PREPROCESS_INFO, PREPROCESS_LOCAL, PREPROCESS_REMOTE, PREPROCESS_BOUNCE, PREPROCESS_FILES };
extern qpath_kind const preprocess_kinds[PREPROCESS_FILES];

/* As long as an envelope has no more recipients than the first, and its records no more bytes than the second, it is
 * small. */
enum { PREPROCESS_SMALL = 8, PREPROCESS_SMALL_BYTES = 4096 };

typedef struct preprocess
{
	uint64_t id;
	uint64_t ordinal;               /* its place among all that were read, from 1 */
	stralloc records[PREPROCESS_FILES];     /* contents of the files, as far as they are not written */
	unsigned int recipients[PREPROCESS_FILES];      /* how many each file has */
	int small;                      /* all records are in memory, none is written */
	int fds[PREPROCESS_FILES];      /* -1: no such file, or closed */
	int has[PREPROCESS_FILES];      /* it was created */
	int straight;                   /* it belongs to straight.h */
	int64_t born;                   /* when the message came, where that is not now; or 0 */
	int failed;                     /* for the caller */
	int again;                      /* after trouble: it is with writing, and may soon be over */
	stralloc lines;                 /* for the log, when the turn of the message comes */
} preprocess;

/* preprocess_read: read and rewrite the envelope of message id. Returns its size, or 0 after trouble, which is logged,
 * and if it is in todo no more: then nothing is open, and what there is stays in todo. Unless it is small, files are
 * open and not durable yet; what an earlier attempt left is gone. */
extern size_t preprocess_read(preprocess *e, uint64_t id);

/* preprocess_write: write the files of a small one from its records: recipients' files only if they hold a recipient
 * who is not done, a bounce file only if there are notes. 1, or 0 as above. The records stay. */
extern int preprocess_write(preprocess *e);

/* preprocess_notes: write the bounce file alone, not to be durable. 1, or 0 after trouble, which is logged. */
extern int preprocess_notes(preprocess *e);

/* preprocess_waiting: whether a file's records have a recipient who is not done. Only for a small one. */
extern int preprocess_waiting(preprocess const *e, int file);

/* preprocess_forget: remove the files that were written of a message that stays in todo, or ends straight from there.
 * 1, or 0 with errno: has[] tells what is left. The others do it by themselves after trouble. */
extern int preprocess_forget(preprocess *e);

/* preprocess_close: the files that are still open. */
extern void preprocess_close(preprocess *e);

#endif
