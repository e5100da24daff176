/* SPDX-License-Identifier: ISC */

#ifndef MAIL_HOPS_H
#define MAIL_HOPS_H

#include <stddef.h>

/* How many times a message has been handed on: its Received and Delivered-To fields, in any case. qmail
 * took every header line that begins with "received" or "delivered" for one, such as Received-SPF; those are
 * counted apart. */
typedef struct hops
{
	size_t count;
	size_t others;
	int body;               /* the header is over */
	unsigned int pos;       /* in the line */
	unsigned int gone;      /* the words that this line does not begin with */
} hops;
#define HOPS_ZERO { .count = 0, .others = 0, .body = 0, .pos = 0, .gone = 0 }

/* qmail's limit: a message with this many is taken for one that runs in circles. */
enum { HOPS_MAX = 100 };

/* hops_feed: look at the next block of a message, whose lines end in CR LF, as over the wire, or in LF, as in
 * the queue. The header ends at the first line that is empty. The cut into blocks does not matter. */
extern void hops_feed(hops *h, char const *s, size_t n);

/* hops_looping: whether there are HOPS_MAX of the ones or, as other servers of qmail's kind count, of the others. */
extern int hops_looping(hops const *h);

#endif
