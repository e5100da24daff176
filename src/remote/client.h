/* SPDX-License-Identifier: ISC */

#ifndef REMOTE_CLIENT_H
#define REMOTE_CLIENT_H

#include <stddef.h>

#include <skalibs/stralloc.h>
#include <skalibs/tai.h>

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
	unsigned int patience;          /* the same for the greeting and the reply to HELO; for MAIL in client_again */
	tain end;                       /* of everything: client_limit */
	char const *note;               /* what to add when the connection died: may hold a mistake in our settings */
	/* Not null: refusals are for now, not for good, and their reports start with this text: the other
	 * side was to be told a password, and may take this message when it is. */
	char const *unsure;
	unsigned int keep;                       /* the session is wanted for another message */
} client_job;

/* client_limit: set job->end, from now: the deadline of all exchanges together, by timeout, the number of
 * recipients and the size of the message. */
extern void client_limit(client_job *job);

/* client_deliver: do it and report it (see report.h). CLIENT_OVER: every report has been written.
 * CLIENT_ELSEWHERE: the other side took no mail at all (no greeting, a refused HELO): nothing of the message
 * was said or read, and another host may be tried with the same job. The report waits to be written or
 * dropped. Addresses hold no CR, LF or NUL: client_address_ok. */
typedef enum { CLIENT_OVER, CLIENT_ELSEWHERE, CLIENT_KEPT } client_result;
extern client_result client_deliver(client_job const *job);

/* CLIENT_KEPT: as CLIENT_OVER, and the session stands, as job->keep asked for; nobody has said QUIT. All recipients
 * were accepted.
 *
 * client_again: another message over the session that was kept, by a job with the same fd. CLIENT_KEPT, CLIENT_OVER;
 * or CLIENT_ELSEWHERE: the message has not been taken, whatever the reason, and nothing was reported: a session of its
 * own will show whether that has to do with the messages before it.
 * client_quit: the end of a session that was kept. */
extern client_result client_again(client_job const *job);
extern void client_quit(void);

/* client_address_ok: whether an address can stand in a command without becoming another one. */
extern int client_address_ok(char const *address);

#endif
