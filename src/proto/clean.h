/* SPDX-License-Identifier: ISC */

#ifndef PROTO_CLEAN_H
#define PROTO_CLEAN_H

#include <stddef.h>
#include <stdint.h>

/* qmail-send <-> qmail-clean.
 *
 * request   "foop/N" NUL: remove intd/N, then mess/N.
 *           "todo/N" NUL: remove intd/N, then todo/N.
 *           N is a message number, decimal, and names no subdirectory.
 * reply     one byte for each request, in order: + done (a file that was not there is fine), ! a file could
 *           not be removed, x not a request: nothing was done.
 *
 * qmail-send may send requests ahead of the replies. A request, its NUL included, of less than 7 or more
 * than 100 bytes, with anything but digits behind the slash or with a number beyond 64 bits is refused
 * with one x. An unfinished request at end of file is dropped. */

typedef enum clean_verb { CLEAN_FOOP, CLEAN_TODO } clean_verb;

enum { CLEAN_DONE = '+', CLEAN_FAILED = '!', CLEAN_REFUSED = 'x' };

/* clean_fmt: a request, NUL included, into s (CLEAN_FMT bytes). Returns its length. */
enum { CLEAN_FMT = 32 };
extern size_t clean_fmt(char *s, clean_verb verb, uint64_t id);

/* Reading requests, a block at a time. */
enum { CLEAN_REQUEST_MIN = 7, CLEAN_REQUEST_MAX = 100 };

typedef enum clean_status
{
	CLEAN_MORE,             /* the block is used up, no request is complete */
	CLEAN_READY,            /* r->verb and r->id */
	CLEAN_MALFORMED,        /* answer CLEAN_REFUSED, do nothing */
} clean_status;

typedef struct clean_request
{
	clean_verb verb;
	uint64_t id;
	size_t n;
	char s[CLEAN_REQUEST_MAX];
} clean_request;
#define CLEAN_REQUEST_ZERO { .verb = CLEAN_FOOP, .id = 0, .n = 0, .s = "" }

/* clean_next: take bytes from block[*pos..n), move *pos past what was used. A request of any length takes
 * no more memory than *r. */
extern clean_status clean_next(clean_request *r, char const *block, size_t n, size_t *pos);

#endif
