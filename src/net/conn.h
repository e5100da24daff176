/* SPDX-License-Identifier: ISC */

#ifndef NET_CONN_H
#define NET_CONN_H

#include <stddef.h>

#include <skalibs/tai.h>

#include "net/smtpcmd.h"

/* The two directions of the connection, buffered. Replies wait until we would have to wait for the
 * client, so that a group of pipelined commands is answered in one piece (RFC 2920). */

enum { CONN_IN = 65536, CONN_OUT = 8192 };

typedef struct conn
{
	int in;
	int out;
	unsigned int timeout;   /* seconds without a byte before we give up */
	tain until;             /* and what we do now must be over then */
	char const *farewell;   /* what we say to a client that has run out of time; null: nothing */
	int broken;             /* nothing more comes or goes */
	size_t pos, len;        /* unread input: inbuf[pos..len) */
	size_t outlen;
	char inbuf[CONN_IN];
	char outbuf[CONN_OUT];
} conn;

/* conn_open: speak over descriptors in and out; timeout as above, no farewell. io_start was called.
 * conn_within: what follows may take so many seconds in all, however busy the client looks. */
extern void conn_open(conn *c, int in, int out, unsigned int timeout);
extern void conn_within(conn *c, unsigned int seconds);

/* conn_fill: make sure that there is input, c->inbuf[c->pos..c->len). Sends what is waiting before it waits
 * itself. 1, or 0 at the end: of file, of patience (then the farewell is said), or by an error. */
extern int conn_fill(conn *c);

/* conn_fill_line: as conn_fill, but takes nothing from the descriptor that stands behind the end of a line
 * (LF): whoever reads from it next finds the rest. */
extern int conn_fill_line(conn *c);

/* conn_command: the next piece of input, got by fill (one of the two above), into cmd; what that made of
 * it, or SMTPCMD_GONE when there is none. */
extern smtpcmd_status conn_command(conn *c, smtpcmd *cmd, int (*fill)(conn *));

/* conn_put: s[0..n), conn_puts: the string s, to the client. Trouble shows in conn_fill and conn_flush. */
extern void conn_put(conn *c, char const *s, size_t n);
extern void conn_puts(conn *c, char const *s);

/* conn_flush: everything goes out now. 1, or 0 if that was not possible. */
extern int conn_flush(conn *c);

#endif
