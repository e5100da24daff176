/* SPDX-License-Identifier: ISC */

#ifndef QMTPD_SESSION_H
#define QMTPD_SESSION_H

#include <skalibs/stralloc.h>

#include "mail/crlf.h"
#include "mail/received.h"
#include "net/netstring.h"
#include "policy.h"
#include "proto/intake.h"

/* A conversation in QMTP: one message after another. Each is three netstrings: the text, whose first byte says
 * how its lines end (LF, or CR for CR LF); the sender; and a netstring of recipients, each a netstring. It is
 * answered with one netstring for each recipient, in order. */

enum
{
	SESSION_SECONDS = 3600,                 /* from the first byte to the last */
	SESSION_ADDRESS_MAX = 999,
	SESSION_RECIPIENTS_MAX = 1 << 20,       /* of one message */
};

typedef enum
{
	SESSION_GO_ON = -1,
	SESSION_OVER = 0,       /* the connection has ended */
	SESSION_PROTOCOL = 100, /* what the client says is not QMTP */
	SESSION_TROUBLE = 111,  /* out of time or resources, or a length that nobody can mean */
} session_end;

typedef struct session
{
	conn *conn;
	policy *policy;
	received client;
	netstring_in in;
	intake message;
	crlf crlf;
	int decode;                             /* lines end in CR LF */
	int sender_ok;
	int any;                                /* at least one recipient is taken */
	stralloc fates;                         /* one byte for each recipient */
	char address[SESSION_ADDRESS_MAX];
	char text[CONN_IN + 1];
} session;

/* session_run: serve the client over s->conn until the connection ends or has to be ended; conn, policy and
 * client are set, the rest is 0. Gives the exit code. */
extern session_end session_run(session *s);

#endif
