/* SPDX-License-Identifier: ISC */

#ifndef PROTO_KEPT_H
#define PROTO_KEPT_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* qmail-rspawn <-> a qmail-remote that stays for the next message to the same host, with the session it has.
 *
 * Such a qmail-remote is started like any other, with two things more: $QMAILREMOTEKEEP says for how many seconds it
 * may stay, and KEPT_FD is a socket (Unix, SOCK_SEQPACKET). Whoever knows nothing of that loses nothing by it.
 *
 * done       from qmail-remote, one byte, before it closes its output: every report is written, exit code 0 as it
 *            were, and it stays.
 * request    from qmail-rspawn, to one that stays: host NUL, sender NUL, recipient NUL, for each recipient; with two
 *            descriptors, the message and the output.
 *
 * A qmail-remote that would not do what is asked, or finds that its session is no good, ends with code 0 and no
 * output, and qmail-rspawn starts another: that is no delivery and is not reported. A datagram that is no request
 * ends it as well. */
enum { KEPT_FD = 3, KEPT_MAX = 65536 };

/* kept_pair: the two ends, close-on-exec. 1, or 0 with errno. */
extern int kept_pair(int ends[2]);

/* kept_is: whether fd is such an end. */
extern int kept_is(int fd);

typedef struct kept_request
{
	stralloc text;          /* all of it */
	char const **args;      /* host, sender, recipients, into text; and a null */
	size_t n;               /* at least 3 */
	int message;            /* ours to close, as is output */
	int output;
} kept_request;
#define KEPT_REQUEST_ZERO { .text = STRALLOC_ZERO, .args = 0, .n = 0, .message = -1, .output = -1 }

/* kept_put: ask. 1, or 0: nothing was said (it is gone, or the request is longer than KEPT_MAX). Never waits. */
extern int kept_put(int fd, char const *host, char const *sender, char *const *recipients, int message, int output);

/* kept_get: a request that is there, replacing what was in *r. 1, or 0: end of file, or no request. */
extern int kept_get(int fd, kept_request *r);

/* kept_split: the arguments of s[0..n), which ends with a NUL, into *r. 1, or 0 if they are none, or for lack of
 * memory. */
extern int kept_split(kept_request *r, char const *s, size_t n);

/* kept_done_put, kept_done_get: say "done", and whether it has been said. Neither waits. */
extern int kept_done_put(int fd);
extern int kept_done_get(int fd);

extern void kept_free(kept_request *r);

#endif
