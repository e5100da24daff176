/* SPDX-License-Identifier: ISC */

#ifndef REMOTE_CLIENT_H
#define REMOTE_CLIENT_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* One SMTP delivery over a connection that stands (RFC 5321), from the greeting to QUIT. */
typedef struct client_job
{
	int fd;                         /* the connection, non-blocking */
	int message;                    /* the message, read from where it stands to its end */
	char const *ip;                 /* of the other side, as text, for the reports */
	stralloc const *helohost;
	char const *sender;
	char const *const *recipients;
	size_t n;
	unsigned int timeout;           /* seconds for each reply and each piece of the message */
	/* Not null: refusals are for now, not for good, and their reports start with this text: the other
	 * side was to be told a password, and may take this message when it is. */
	char const *unsure;
} client_job;

/* client_deliver: do it and report it (see report.h); every report has been written when it returns. The
 * exchange as a whole has a deadline too, from timeout, the number of recipients and the message's size.
 * Addresses hold no CR, LF or NUL: client_address_ok. */
extern void client_deliver(client_job const *job);

/* client_address_ok: whether an address can stand in a command without becoming another one. */
extern int client_address_ok(char const *address);

#endif
