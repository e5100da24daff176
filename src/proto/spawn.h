/* SPDX-License-Identifier: ISC */

#ifndef PROTO_SPAWN_H
#define PROTO_SPAWN_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* qmail-send <-> qmail-lspawn, qmail-rspawn.
 *
 * greeting   one byte, spawner to send: how many deliveries it runs at once (1 to 255).
 * request    delivery number (one byte), message file "S/N" NUL, sender NUL, recipient NUL.
 * report     delivery number (one byte), K, Z or D (success, deferral, failure), text, NUL.
 *
 * Number 0 is a NUL byte, so the end of a report is a NUL that is not its first byte. Reports come in any
 * order. The spawner answers each complete request exactly once; an unfinished request at end of file is
 * dropped. qmail-send ignores reports for numbers it does not wait for, with a warning, and treats a
 * letter it does not know as a deferral. */

enum { SPAWN_REPORT_MAX = 10000 };      /* bytes of a report that qmail-send keeps, number and letter included */

/* spawn_request_put: append a request to *sa. 0 when out of memory (*sa as before). */
extern int spawn_request_put(stralloc *sa, unsigned int number, char const *mess,
	char const *sender, size_t senderlen, char const *recipient, size_t recipientlen);

/* Reading requests, a block at a time. */
typedef enum
{
	SPAWN_REQUEST_MORE,     /* the block is used up, nothing is complete */
	SPAWN_REQUEST_READY,    /* r holds a request; call again for the rest of the block */
	SPAWN_REQUEST_NOMEM,    /* as READY, but r->number alone is valid: it did not fit into memory */
} spawn_request_status;

typedef struct spawn_request
{
	unsigned int number;
	stralloc mess;          /* these three NUL-terminated, the NUL counted in len */
	stralloc sender;
	stralloc recipient;
	int stage;
	int nomem;
} spawn_request;
#define SPAWN_REQUEST_ZERO { .number = 0, .mess = STRALLOC_ZERO, .sender = STRALLOC_ZERO, .recipient = STRALLOC_ZERO, .stage = 0, .nomem = 0 }

/* spawn_request_feed: take bytes from s[*pos..n), move *pos past what was used. After READY or NOMEM the
 * next call starts a new request. */
extern spawn_request_status spawn_request_feed(spawn_request *r, char const *s, size_t n, size_t *pos);

/* spawn_report_put: append a report. text[0..n) is cut at its first NUL. 0 when out of memory. */
extern int spawn_report_put(stralloc *sa, unsigned int number, char letter, char const *text, size_t n);

/* Reading reports. */
typedef struct spawn_report
{
	unsigned int number;
	char letter;            /* K, Z, D, anything else, or NUL for a report without a letter */
	stralloc text;          /* without the letter and the NUL, cut at SPAWN_REPORT_MAX */
	size_t seen;
} spawn_report;
#define SPAWN_REPORT_ZERO { .number = 0, .letter = 0, .text = STRALLOC_ZERO, .seen = 0 }

/* spawn_report_feed: as spawn_request_feed: 1 when a report is complete, 0 when more is needed, -1 when
 * out of memory (nothing of the byte at *pos was used: call again later). */
extern int spawn_report_feed(spawn_report *r, char const *s, size_t n, size_t *pos);

#endif
