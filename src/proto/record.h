/* SPDX-License-Identifier: ISC */

#ifndef PROTO_RECORD_H
#define PROTO_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include <skalibs/stralloc.h>

/* What the queue's envelope files have in common: records that start with a letter and end with a NUL.
 * Readers of todo/N, local/N and remote/N are built on this; they get the file a block at a time and hold
 * one record at most. */

enum { RECORD_MAX = 65535 };            /* bytes of a record, letter included, NUL not */

typedef enum record_status
{
	RECORD_NOMEM = -2,      /* out of memory, nothing was used: the same call may be made again */
	RECORD_LONG = -1,       /* longer than RECORD_MAX: the file is damaged, stop here */
	RECORD_MORE = 0,        /* the block is used up */
	RECORD_READY = 1,
} record_status;

typedef struct record_reader
{
	char const *s;          /* the record, without its NUL but NUL-terminated; until the next call */
	size_t n;               /* 0 for a record that is nothing but a NUL */
	uint64_t offset;        /* where in the file it starts */
	uint64_t next;          /* where the one after it starts */
	stralloc part;
	int given;
} record_reader;
#define RECORD_READER_ZERO { .s = 0, .n = 0, .offset = 0, .next = 0, .part = STRALLOC_ZERO, .given = 0 }

/* record_next: take bytes from block[*pos..n), move *pos past what was used. After RECORD_READY r->s may
 * point into the block: it is good until the block changes or the next call. */
extern record_status record_next(record_reader *r, char const *block, size_t n, size_t *pos);

/* record_cut: whether bytes are waiting for the rest of their record; at end of file: whether it was cut. */
extern int record_cut(record_reader const *r);

/* record_rewind: the next block comes from offset in the file, the start of a record. Keeps memory. */
extern void record_rewind(record_reader *r, uint64_t offset);
extern void record_free(record_reader *r);

/* record_put: append letter s[0..n) NUL to *sa. 1, or 0 with errno and *sa as it was: ENOMEM, EMSGSIZE (a
 * reader would not take it) or EINVAL (a NUL inside). */
extern int record_put(stralloc *sa, char letter, char const *s, size_t n);

#endif
