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
 * There is more room than a byte has, for those who both know of it. Number 255, which no spawner that goes by one byte
 * has ever carried out, says what kind of thing follows:
 *
 * ask        255, ? and the number of deliveries that are wanted (decimal) NUL NUL NUL. Any other spawner answers this
 *            with a report for 255, that the number is too big, and nothing has happened.
 * offer      255, O, how many there may be (decimal), in answer; then, if that is less, a blank and what
 *            there are too few of; NUL.
 * request    255, the number (decimal, 256 or more) and a colon in front of the message file; the rest as above.
 * report     255, letter, the number and a colon in front of the text, NUL.
 *
 * So each request and report tells by itself what it is about, whoever has restarted or misunderstood what. Nobody
 * uses numbers over 255 before there was an offer. There is no delivery number 255.
 *
 * Number 0 is a NUL byte, so the end of a report is a NUL that is not its first byte. Reports come in any
 * order. The spawner answers each complete request exactly once; an unfinished request at end of file is
 * dropped. qmail-send ignores reports for numbers it does not wait for, with a warning, and treats a
 * letter it does not know as a deferral. */

enum
{
	SPAWN_REPORT_MAX = 10000,       /* bytes of a report that qmail-send keeps, number and letter included */
	SPAWN_WIDE = 255,
	SPAWN_MOST = 65535,             /* the highest number */
};

/* spawn_request_put: append a request to *sa, in the form that its number wants. 0 when out of memory (*sa as before),
 * or with EINVAL. spawn_ask_put: append the question. */
extern int spawn_request_put(stralloc *sa, unsigned int number, char const *mess,
	char const *sender, size_t senderlen, char const *recipient, size_t recipientlen);
extern int spawn_ask_put(stralloc *sa, unsigned int wanted);

/* spawn_highest: the highest delivery number where there are n deliveries at once. */
extern unsigned int spawn_highest(unsigned int n);

/* Reading requests, a block at a time. */
typedef enum
{
	SPAWN_REQUEST_MORE,     /* the block is used up, nothing is complete */
	SPAWN_REQUEST_READY,    /* r holds a request; call again for the rest of the block */
	SPAWN_REQUEST_NOMEM,    /* as READY, but r->number alone is valid: it did not fit into memory */
	SPAWN_REQUEST_ASK,      /* r->number deliveries are wanted */
} spawn_request_status;

typedef struct spawn_request
{
	unsigned int number;
	stralloc mess;          /* these three NUL-terminated, the NUL counted in len */
	stralloc sender;
	stralloc recipient;
	char head[8];           /* of mess: the number of a wide one is known without memory */
	size_t headlen;
	int stage;
	int nomem;
} spawn_request;
#define SPAWN_REQUEST_ZERO { .number = 0, .headlen = 0, .mess = STRALLOC_ZERO, .sender = STRALLOC_ZERO, .recipient = STRALLOC_ZERO, .stage = 0, .nomem = 0 }

/* spawn_request_feed: take bytes from s[*pos..n), move *pos past what was used. After READY or NOMEM the
 * next call starts a new request. */
extern spawn_request_status spawn_request_feed(spawn_request *r, char const *s, size_t n, size_t *pos);

/* spawn_report_put: append a report. text[0..n) is cut at its first NUL. 0 when out of memory. spawn_offer_put: append
 * an offer; why, what there are too few of, may be null. */
extern int spawn_report_put(stralloc *sa, unsigned int number, char letter, char const *text, size_t n);
extern int spawn_offer_put(stralloc *sa, unsigned int most, char const *why);

/* Reading reports. */
typedef struct spawn_report
{
	unsigned int number;    /* 255: a report of no delivery, unless it is an offer */
	unsigned int offer;     /* not 0: it is an offer of so many, and text is what there are too few of */
	char letter;            /* K, Z, D, anything else, or NUL for a report without a letter */
	stralloc text;          /* without the letter and the NUL, cut at SPAWN_REPORT_MAX */
	size_t seen;
} spawn_report;
#define SPAWN_REPORT_ZERO { .number = 0, .offer = 0, .letter = 0, .text = STRALLOC_ZERO, .seen = 0 }

/* spawn_report_feed: as spawn_request_feed: 1 when a report is complete, 0 when more is needed, -1 when
 * out of memory (nothing of the byte at *pos was used: call again later). */
extern int spawn_report_feed(spawn_report *r, char const *s, size_t n, size_t *pos);

#endif
