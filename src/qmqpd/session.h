/* SPDX-License-Identifier: ISC */

#ifndef QMQPD_SESSION_H
#define QMQPD_SESSION_H

#include "mail/received.h"
#include "net/netstring.h"
#include "proto/intake.h"

/* A request in QMQP: one netstring, of the text, the sender and each recipient, netstrings all of them. It is
 * answered with one netstring, and that is all. */

enum
{
	SESSION_SECONDS = 3600,                 /* from the first byte to the last */
	SESSION_ADDRESS_MAX = 999,
};

typedef enum
{
	SESSION_GO_ON = -1,
	SESSION_OVER = 0,       /* answered, or the connection has ended */
	SESSION_PROTOCOL = 100, /* what the client says is not QMQP */
	SESSION_TROUBLE = 111,  /* out of time or resources, or a length that nobody can mean */
} session_end;

typedef struct session
{
	conn *conn;
	received client;
	netstring_in in;
	intake message;
	int addresses_ok;
	char address[SESSION_ADDRESS_MAX];
} session;

/* session_run: serve the client over s->conn; conn and client are set, the rest is 0. Gives the exit code. */
extern session_end session_run(session *s);

#endif
