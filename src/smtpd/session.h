/* SPDX-License-Identifier: ISC */

#ifndef SMTPD_SESSION_H
#define SMTPD_SESSION_H

#include <stdint.h>

#include <skalibs/stralloc.h>

#include "mail/received.h"
#include "net/conn.h"
#include "policy.h"
#include "recipient.h"

/* A conversation: commands, what they do in which state, and what they leave for DATA. */

typedef enum
{
	SESSION_GREETED,        /* no transaction */
	SESSION_MAILED,         /* there is a sender */
	SESSION_RCPTED,         /* and at least one recipient */
} session_state;

typedef struct session
{
	conn *conn;
	policy *policy;
	received client;        /* helo is set when it is needed */
	session_state state;
	char const *arg;        /* of the command being obeyed */
	size_t arglen;
	int unwanted;           /* the sender is in badmailfrom */
	int web;                /* what looked like the start of an HTTP request has come */
	unsigned int junk;      /* lines so far that were no commands */
	int have_helo;
	stralloc helo;
	stralloc sender;
	stralloc recipients;    /* each with a NUL behind it */
	uint64_t recipients_n;
	recipient_checks checks;
	uint64_t unknown;       /* recipients so far that are nobody's */
} session;
#define SESSION_ZERO { .state = SESSION_GREETED, .checks = RECIPIENT_CHECKS_ZERO }

/* All recipients of a message together, in bytes; more get 452. 20,000 of the longest fit. */
enum { SESSION_RECIPIENTS_MAX = 24 << 20 };

/* How a command ends. */
typedef enum { SESSION_GO_ON, SESSION_BYE, SESSION_BROKEN } session_end;

/* Lines that are no commands; the next one ends the session. A client that talks HTTP or sends a message
 * without having been told to is no longer listened to. */
enum { SESSION_JUNK_MAX = 250 };

/* Whatever control/timeoutsession says, DATA may take no longer than qmail-queue waits for a message. The
 * session has what the file says from the greeting or the last message to the next DATA, and DATA twice
 * that in turn. The default is over what RFC 5321 4.5.3.2 asks us to grant a client with 100 recipients. */
enum { SESSION_DATA_SECONDS = 24 * 3600 };

/* session_run: greet and serve until the client or the connection ends it. Gives the exit code: 0 after
 * QUIT, else 1. */
extern int session_run(session *s);

extern void session_free(session *s);

#endif
