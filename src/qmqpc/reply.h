/* SPDX-License-Identifier: ISC */

#ifndef QMQPC_REPLY_H
#define QMQPC_REPLY_H

#include <stddef.h>

#include "net/netstring.h"

/* A server's answer: a netstring that starts with K, Z or D. An answer that starts with one of these letters
 * without a length is taken, too: there have been such servers. */

enum { REPLY_TEXT_MAX = 254 };          /* what a caller will use of it */

typedef enum
{
	REPLY_MORE,
	REPLY_DONE,             /* all that is worth reading */
	REPLY_BAD,              /* no answer at all */
} reply_status;

typedef struct reply
{
	netstring_length length;
	int counted;            /* the length is over, left counts */
	uint64_t left;
	char verdict;           /* K, Z, D; 0 as long as it is not known */
	size_t len;
	char text[REPLY_TEXT_MAX];      /* what follows it, each control byte a blank */
} reply;
#define REPLY_ZERO { .length = NETSTRING_LENGTH_ZERO }

/* reply_feed: the next byte. The verdict counts as soon as it is there, even if the answer ends too early:
 * the server has decided. */
extern reply_status reply_feed(reply *r, char c);

#endif
