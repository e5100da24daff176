/* SPDX-License-Identifier: ISC */

#ifndef MAIL_HSPLIT_H
#define MAIL_HSPLIT_H

#include <stddef.h>
#include <sys/types.h>

#include <skalibs/stralloc.h>

/* The header fields of a message that comes in pieces, for those who want to look at a few of them.
 *
 * A header goes on as long as lines start a field (hfield_starts) or, by a blank, go on with one; the first
 * other line is the body's, or the empty line in front of it. Memory: twice max, whatever comes. */
typedef struct hsplit
{
	size_t max;             /* so much is kept of a field */
	stralloc field;         /* the one that may go on */
	stralloc line;          /* the one that is being read; in the end the line that ended the header */
	int body;               /* the header is over */
} hsplit;
#define HSPLIT_INIT(m) { .max = (m), .field = STRALLOC_ZERO, .line = STRALLOC_ZERO, .body = 0 }

/* Who gets each field, its line ends included; cut if n is max. 1, or 0 to stop. */
typedef int hsplit_taker(void *data, char const *s, size_t n);

/* hsplit_feed: the next piece of the message, cut anywhere. Returns how many bytes were used: n, or fewer when
 * the header ended with them (h->body); -1 with errno without memory, or when the taker said stop. */
extern ssize_t hsplit_feed(hsplit *h, char const *s, size_t n, hsplit_taker *take, void *data);

/* hsplit_end: the message is over. 1, or 0 as above. A last line without its end has been given one. */
extern int hsplit_end(hsplit *h, hsplit_taker *take, void *data);

extern void hsplit_free(hsplit *h);

#endif
