/* SPDX-License-Identifier: ISC */

#ifndef POPUP_SESSION_H
#define POPUP_SESSION_H

#include <stddef.h>

#include <skalibs/stralloc.h>

#include "net/conn.h"

/* A POP3 session up to the point where somebody has said who he is (RFC 1939, AUTHORIZATION state). */

typedef enum
{
	SESSION_LOGIN,          /* a name without a password yet, or neither */
	SESSION_NAMED,
} session_state;

/* Which ways to log in there are. Unless the admin has chosen there are both, and CAPA is not known:
 * that is what clients of qmail have always met. */
typedef struct session_methods
{
	int pass;
	int apop;
	int capa;
} session_methods;

typedef struct session
{
	conn *conn;
	session_methods methods;
	char const *challenge;  /* <pid.time@host> */
	session_state state;
	stralloc name;
	stralloc secret;        /* password or digest */
} session;
#define SESSION_ZERO { .state = SESSION_LOGIN }

/* How a command, and at last the session, ends. */
typedef enum
{
	SESSION_GO_ON,
	SESSION_OVER,           /* QUIT, or the connection has ended */
	SESSION_CREDENTIALS,    /* name and secret are to be checked, and the client waits for an answer */
} session_end;

/* An hour for somebody to type his password, however often he says NOOP. */
enum { SESSION_SECONDS = 3600 };

/* session_choose: what the value of POP3AUTH allows (null: it is not set). */
extern void session_choose(session_methods *m, char const *pop3auth);

/* session_run: greet and serve until SESSION_OVER or SESSION_CREDENTIALS. In the latter case no byte has been
 * read that belongs to what follows the login, and name and secret hold no NUL. */
extern session_end session_run(session *s);

/* session_wipe: nothing of what the client has said stays in memory. */
extern void session_wipe(session *s);

#endif
