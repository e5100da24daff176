/* SPDX-License-Identifier: ISC */

#ifndef POP3D_SESSION_H
#define POP3D_SESSION_H

#include <stddef.h>

#include "net/conn.h"
#include "proto/maildir.h"

/* A POP3 session in the TRANSACTION state (RFC 1939). */

typedef struct session
{
	conn *conn;
	maildir *maildir;
	size_t last;            /* highest number of a message that was deleted */
	int capa;               /* CAPA is answered, and arguments that RFC 1939 does not know are errors */
} session;
#define SESSION_ZERO { .last = 0 }

/* A large mailbox over a slow line takes a while; but not for ever. */
enum { SESSION_SECONDS = 24 * 3600 };

/* session_run: greet and serve until QUIT, which removes what the client has deleted, or until the connection
 * ends, which removes nothing. */
extern void session_run(session *s);

#endif
