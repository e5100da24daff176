/* SPDX-License-Identifier: ISC */

#ifndef QMQPC_TALK_H
#define QMQPC_TALK_H

#include "reply.h"
#include "request.h"
#include "server.h"

enum
{
	TALK_CONNECT_SECONDS = 10,
	TALK_SECONDS = 60,              /* without a byte in either direction */
	TALK_SECONDS_ALL = 3600,        /* as long as a server of qmail's kind listens */
};

typedef enum
{
	TALK_ANSWERED,          /* r->verdict */
	TALK_LOST,              /* no answer, though the server had the whole request */
	TALK_CUT,               /* the server did not take the request */
	TALK_REFUSED,           /* no connection */
	TALK_TIMEOUT,           /* none in time */
	TALK_NO_SOCKET,         /* we could not even try; errno */
	TALK_UNREADABLE,        /* the request cannot be read any more; errno */
} talk_status;

/* talk: hand the request to one server and read its answer. *r is replaced. */
extern talk_status talk(server const *v, request const *q, reply *r);

#endif
