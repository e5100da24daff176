/* SPDX-License-Identifier: ISC */

#ifndef QMQPC_REQUEST_H
#define QMQPC_REQUEST_H

#include <stdint.h>

#include "net/conn.h"
#include "proto/qq.h"
#include "spool.h"

/* What is sent to a server: one netstring, of the message, the sender and each recipient, netstrings each. */
typedef struct request
{
	spool message;
	spool envelope;         /* netstrings already */
} request;

/* request_message: read a message from descriptor fd to its end. request_envelope: read an envelope
 * (proto/envelope.h). Both give QQ_OK or the code that qmail-queue has for the mishap. A caller may take
 * REQUEST_SECONDS for both, as with qmail-queue. */
enum { REQUEST_SECONDS = 24 * 3600 };
extern qq_exit request_message(request *r, int fd, tain const *deadline);
extern qq_exit request_envelope(request *r, int fd, tain const *deadline);

typedef enum
{
	REQUEST_SENT,           /* up to its last byte, so from now on the server may have the message */
	REQUEST_CUT,            /* the connection did not take it all: the server cannot have it */
	REQUEST_UNREADABLE,     /* what was spooled cannot be read any more; errno */
} request_status;

/* request_send: the whole request over a connection; it may be sent again over another. */
extern request_status request_send(request const *r, conn *c);

#endif
