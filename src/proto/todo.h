/* SPDX-License-Identifier: ISC */

#ifndef PROTO_TODO_H
#define PROTO_TODO_H

#include <stddef.h>
#include <stdint.h>

#include <skalibs/stralloc.h>

#include "proto/record.h"

/* intd/N and todo/N: the envelope as qmail-queue leaves it for qmail-send (envelopes(5)).
 *
 *   u uid NUL   p pid NUL   F sender NUL   (T recipient NUL)*
 *
 * uid is the real user of qmail-queue's caller, pid the process id of qmail-queue, both decimal. There is
 * no end mark: whether the file is whole is known from its name in todo, which it gets when it is on disk.
 * A file that ends inside a record, or has no sender, is incomplete. */

/* todo_start: what qmail-queue writes in front of the envelope it was given (which follows as it came,
 * without the NUL that ends it). Writes to s, returns the length. */
enum { TODO_START_FMT = 48 };
extern size_t todo_start(char *s, uint64_t uid, uint64_t pid);

/* Reading it as a stream, a record per call. Order is not checked: qmail-send never did. */
typedef enum todo_status
{
	TODO_NOMEM = -2,        /* nothing was used: the same call may be made again */
	TODO_BAD = -1,          /* unknown letter, second sender, record over RECORD_MAX: leave the file alone */
	TODO_MORE = 0,          /* the block is used up: feed the next, or ask todo_whole at end of file */
	TODO_UID,               /* t->number; its leading digits as far as they fit, 0 without any */
	TODO_PID,               /* t->number */
	TODO_SENDER,            /* t->address, t->len */
	TODO_RECIPIENT,         /* t->address, t->len */
} todo_status;

typedef struct todo_reader
{
	uint64_t number;
	char const *address;    /* NUL-terminated; until the next call or change of the block */
	size_t len;
	int sender_seen;
	record_reader records;
} todo_reader;
#define TODO_READER_ZERO { .number = 0, .address = 0, .len = 0, .sender_seen = 0, .records = RECORD_READER_ZERO }

/* todo_next: the next record from block[*pos..n); moves *pos past what was used. After TODO_BAD only
 * todo_reset is allowed. */
extern todo_status todo_next(todo_reader *t, char const *block, size_t n, size_t *pos);

/* todo_whole: at end of file: 1 if there was a sender and the last record was ended, else 0: nothing of
 * it may be delivered. */
extern int todo_whole(todo_reader const *t);

/* todo_reset: for the next file; keeps the memory, which todo_free gives back. */
extern void todo_reset(todo_reader *t);
extern void todo_free(todo_reader *t);

#endif
