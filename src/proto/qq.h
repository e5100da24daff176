/* SPDX-License-Identifier: ISC */

#ifndef PROTO_QQ_H
#define PROTO_QQ_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <skalibs/stralloc.h>
#include <skalibs/types.h>

/* The queue's front door (qmail-queue(8), envelopes(5)).
 *
 * A caller gives the program $QMAILQUEUE, or bin/qmail-queue, a message on descriptor 0 and, after its
 * end, an envelope on descriptor 1: F sender NUL, T recipient NUL for each recipient, NUL. The exit code
 * says what became of it. A program that is not ours may write a text of its own for the sender to a
 * pipe that it finds on descriptors 4 and 6 (and on $ERROR_FD, where a caller sets it): first byte D for
 * a permanent or Z for a temporary refusal, used with exit 82 or 88. */

typedef enum qq_exit
{
	QQ_OK = 0,
	QQ_TOOLONG = 11,        /* an address is too long */
	QQ_REFUSED = 31,        /* a server refuses for good */
	QQ_NOMEM = 51,
	QQ_TIMEOUT = 52,
	QQ_WRITE = 53,          /* write error, disk full */
	QQ_READ = 54,           /* read error, or the caller gave up */
	QQ_CONTROL = 55,
	QQ_NETWORK = 56,
	QQ_HOME = 61,
	QQ_QUEUE = 62,
	QQ_PID = 63,
	QQ_MESS = 64,
	QQ_INTD = 65,
	QQ_TODO = 66,
	QQ_DEFERRED = 71,       /* a server refuses for now */
	QQ_CONNECT_TIMEOUT = 72,
	QQ_CONNECT_REFUSED = 73,
	QQ_CONNECTION_LOST = 74,
	QQ_BUG = 81,
	QQ_CUSTOM = 82,         /* text on the error pipe; 88 means the same */
	QQ_CUSTOM_88 = 88,
	QQ_ENVELOPE = 91,       /* the envelope is not one */
	QQ_EXEC = 120,          /* the program could not be run */
} qq_exit;

/* qq_text: what callers say for an exit code: D or Z, then a sentence without line end.
 * The empty string for QQ_OK. */
extern char const *qq_text(int code);

/* qq_is_substituted: whether $QMAILQUEUE is another program than the bin/qmail-queue of this home, which is the
 * current directory. */
extern int qq_is_substituted(void);

typedef struct qq
{
	pid_t pid;              /* -1: could not be run */
	int code;               /* exit code decided before there was a child */
	int fd_message;
	int fd_envelope;
	int fd_error;
	int failed;             /* nothing more is written, the child will see an early end */
	size_t n;
	char buf[8192];
	stralloc text;          /* what qq_close returned, if it was custom */
} qq;

/* qq_open: start the queue program in conf_home. Returns 1, or 0 with errno if there is no pipe or
 * process to be had. A program that cannot be run counts as one that exits 120 (61 for the home).
 * *q must stay where it is until qq_close. The caller ignores SIGPIPE. */
extern int qq_open(qq *q);

/* qq_qp: the number to report to people: the process id of the queue program; also after qq_close. */
extern unsigned long qq_qp(qq const *q);

/* qq_ok: what a client is told of a message that is on disk: "ok", the time and the number. Returns the
 * length, without a NUL. */
enum { QQ_OK_FMT = 8 + 1 + UINT64_FMT + ULONG_FMT };
extern size_t qq_ok(char s[QQ_OK_FMT], qq const *q, int64_t now);

/* qq_put: more of the message; large pieces are not copied. qq_from: the message ends, the sender follows.
 * qq_to: a recipient. qq_fail: give up; the queue program will not see the end it waits for. None reports
 * trouble: qq_close does. An address with a NUL would be cut: callers refuse it before. */
extern void qq_put(qq *q, char const *s, size_t n);
extern void qq_from(qq *q, char const *sender, size_t n);
extern void qq_to(qq *q, char const *recipient, size_t n);
extern void qq_fail(qq *q);

/* qq_close: end the envelope, wait, and say what became of it: the empty string when the message is on
 * disk, else D or Z and a text for the sender, one line without control bytes. Valid until the next
 * qq_open on q. Frees everything else. */
extern char const *qq_close(qq *q);

#endif
