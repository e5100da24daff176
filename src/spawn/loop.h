/* SPDX-License-Identifier: ISC */

#ifndef SPAWN_LOOP_H
#define SPAWN_LOOP_H

#include <stddef.h>
#include <sys/types.h>

#include <skalibs/stralloc.h>

#include "proto/report.h"

/* The loop that qmail-lspawn and qmail-rspawn share: requests on descriptor 0, reports on descriptor 1
 * (proto/spawn.h), many deliveries at once. */

/* How many recipients share a run at most. */
enum { LOOP_COMPANY = 255 };

/* A program that is about to start. Everything belongs to the loop and is gone when start returns. */
typedef struct loop_job
{
	int message;                    /* the message, for reading, at its start */
	int output;                     /* where the program's output goes */
	char const *sender;
	char const *recipient;
	size_t at;                      /* offset of the last @ in recipient */
	char *const *recipients;        /* recipient and those in its company, up to a null */
	size_t n;                       /* how many; 1 where kind->company is null */
	int fresh;                      /* a new process is wanted */
	int *reused;                    /* to be set where the process was there before */
} loop_job;

/* Programs that take several recipients of one message from one sender at one host at once. What such a program
 * printed is dealt out by proto/share.h: no recipient's report is worse for the company. */
typedef struct loop_company
{
	/* most: how many recipients at host (NUL-terminated) may go together now; at least 1. */
	size_t (*most)(char const *host);
	/* strained: together they failed, in a way that their number may explain. */
	void (*strained)(char const *host);
	/* stays: whether the process, whose output has ended, is done with its delivery (as if it had ended with
	 * status 0) and stays for another, which start may then give it. If such a one ends with status 0 and without
	 * output, it did not take its delivery, and that is started anew, fresh. gone: the process was waited for. */
	int (*stays)(pid_t pid);
	void (*gone)(pid_t pid);
} loop_company;

/* What differs between the two. */
typedef struct loop_kind
{
	/* start: the process, or 0 and *refusal (letter and text of a report). Descriptors 0, 1 and 2 of
	 * the new process are the message, the output and the output; nothing else of the loop is open in it,
	 * no signal is blocked and SIGPIPE is at its default. */
	pid_t (*start)(loop_job const *job, char const **refusal);
	/* feed, put: as report_local_feed and report_local_put. */
	void (*feed)(report *r, char const *s, size_t n);
	int (*put)(report const *r, int status, unsigned int number, stralloc *out);
	unsigned int linger;            /* seconds; LOOP_LINGER, but for tests */
	loop_company const *company;    /* null: each delivery is a process of its own */
} loop_kind;

/* How long we listen to what a program left behind when it ended: ten minutes. */
enum { LOOP_LINGER = 600 };

/* loop_run: send the greeting byte, which says conf_spawn, and serve, in the current directory (queue/mess), messages of owner,
 * until the end of file on descriptor 0 and of all running deliveries.
 *
 * Who asks for more deliveries than the greeting says (proto/spawn.h) is offered as many as the limits on descriptors
 * and processes allow; the soft ones are raised for that, not for the programs.
 *
 * Each complete request is answered once. Those that come in one read and may share a program are put together; where
 * they follow another one of their kind, they wait some milliseconds for more of them. A delivery is reported when its process has ended and nobody
 * holds its output open any more, or kind->linger seconds after its process has ended. Nothing here blocks: requests
 * are taken while reports cannot be written.
 * Returns the exit code: 0; 111 when the reader of the reports went away, or for lack of resources. */
extern int loop_run(loop_kind const *k, uid_t owner);

#endif
