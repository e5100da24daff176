/* SPDX-License-Identifier: ISC */

#ifndef NET_NETSTRING_H
#define NET_NETSTRING_H

#include <stddef.h>
#include <stdint.h>

#include <skalibs/types.h>

#include "net/conn.h"

/* Netstrings: the length in decimal digits, a colon, that many bytes, a comma. "5:hello," is hello.
 *
 * Read strictly: a length has at least one digit and no zero in front of others. Nothing is allocated:
 * contents are handed on in pieces as they arrive. */

enum { NETSTRING_MAX = 200000000 };             /* the longest content that is taken, as qmail always had it */

typedef enum
{
	NETSTRING_OK,
	NETSTRING_MORE,         /* the length goes on (netstring_length_feed only) */
	NETSTRING_BAD,          /* no netstring, or one that is longer than what it is in */
	NETSTRING_TOO_LONG,     /* longer than NETSTRING_MAX */
	NETSTRING_END,          /* the connection has ended */
	NETSTRING_LATE,         /* the connection's deadline has passed */
} netstring_status;

typedef struct netstring_length
{
	uint64_t value;
	unsigned int digits;
} netstring_length;
#define NETSTRING_LENGTH_ZERO { .value = 0, .digits = 0 }

/* netstring_length_feed: the next byte of a length. OK at the colon, with l->value; MORE, BAD or TOO_LONG. */
extern netstring_status netstring_length_feed(netstring_length *l, char c);

/* netstring_answer: to the client, a netstring of a letter and text[0..n): K, Z or D, and a sentence, as QMTP and
 * QMQP have it. */
extern void netstring_answer(conn *c, char letter, char const *text, size_t n);

/* netstring_head: what stands in front of n bytes of content, into s. Returns its length, without a NUL. */
enum { NETSTRING_HEAD_FMT = UINT64_FMT + 1 };
extern size_t netstring_head(char s[NETSTRING_HEAD_FMT], uint64_t n);

/* Reading from a connection, within a netstring or in the open. To go into a netstring set left to its
 * length; its content is over when left is 0; then set left back. */
enum { NETSTRING_OPEN = -1 };
typedef struct netstring_in
{
	conn *conn;             /* without a farewell */
	int64_t left;           /* bytes that the netstring around us still has, or NETSTRING_OPEN */
} netstring_in;

/* netstring_start: read the length of the next netstring, which must fit into the one around us.
 * netstring_some: the next bytes, at most max (not 0), at least 1; *s is valid until the next call.
 * netstring_comma: read the comma.
 * netstring_take: read n bytes and the comma; the bytes into buf if they fit into room, else they are
 * forgotten. *fits tells.
 * All give OK, BAD, END or LATE; netstring_start also TOO_LONG. */
extern netstring_status netstring_start(netstring_in *in, uint64_t *n);
extern netstring_status netstring_some(netstring_in *in, uint64_t max, char const **s, size_t *n);
extern netstring_status netstring_comma(netstring_in *in);
extern netstring_status netstring_take(netstring_in *in, uint64_t n, char *buf, size_t room, int *fits);

#endif
