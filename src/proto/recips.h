/* SPDX-License-Identifier: ISC */

#ifndef PROTO_RECIPS_H
#define PROTO_RECIPS_H

#include <stddef.h>
#include <stdint.h>

#include <skalibs/stralloc.h>

#include "proto/record.h"

/* local/N and remote/N: the recipients of a message on one channel, after rewriting.
 *
 *   (T recipient NUL | D recipient NUL)*
 *
 * T: to be delivered; D: done with. A recipient is marked done by overwriting its letter in place; the
 * file never changes otherwise until it is removed. qmail-send writes and reads it; qmail-qread reads. */

/* recips_put: append a T record to *sa: as record_put. */
extern int recips_put(stralloc *sa, char const *recipient, size_t n);

/* recips_mark: write D at offset (of a record, from recips_next) of the file behind fd, open for writing.
 * 1, or 0 with errno. Not synced: a lost mark means a second attempt, never a lost message. */
extern int recips_mark(int fd, uint64_t offset);

/* Reading it as a stream, a record per call. */
typedef enum recips_status
{
	RECIPS_NOMEM = -2,      /* nothing was used: the same call may be made again */
	RECIPS_BAD = -1,        /* unknown letter, or a record over RECORD_MAX */
	RECIPS_MORE = 0,        /* the block is used up: feed the next, or ask recips_cut at end of file */
	RECIPS_TODO,
	RECIPS_DONE,
} recips_status;

typedef struct recips_reader
{
	char const *recipient;  /* NUL-terminated; until the next call or change of the block */
	size_t len;
	uint64_t offset;        /* where its letter is, for recips_mark */
	record_reader records;
} recips_reader;
#define RECIPS_READER_ZERO { .recipient = 0, .len = 0, .offset = 0, .records = RECORD_READER_ZERO }

/* recips_next: the next record from block[*pos..n); moves *pos past what was used.
 * RECIPS_BAD for an unknown letter (offset says where) has used the record: a reader that only shows may
 * go on. One that delivers must stop and leave the file alone. A record that is too long cannot be passed:
 * *pos stays. */
extern recips_status recips_next(recips_reader *r, char const *block, size_t n, size_t *pos);

/* recips_cut: at end of file: whether it ended inside a record. That record was never a promise (the file
 * was on disk before todo/N went away), so qmail-send passes over it. */
extern int recips_cut(recips_reader const *r);

/* recips_rewind: the next block starts at offset in the file, 0 or records.next of an earlier record.
 * recips_free gives memory back. */
extern void recips_rewind(recips_reader *r, uint64_t offset);
extern void recips_free(recips_reader *r);

#endif
