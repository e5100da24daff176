/* SPDX-License-Identifier: ISC */

#ifndef SEND_JOB_H
#define SEND_JOB_H

#include <stddef.h>
#include <stdint.h>

#include <skalibs/stralloc.h>

#include "send/schedule.h"

/* A message on one channel while it is being worked on: by a pass over its recipient file, by deliveries,
 * or both. Each holds a reference; with the last one the job goes back to the schedule, or its file away. */
typedef struct job
{
	uint64_t id;
	channel c;
	struct straight *m;     /* an attempt straight from todo, and there is no recipient file; or null */
	struct job *next;       /* of those that are free */
	unsigned int refs;      /* 0: free */
	unsigned int places;    /* it has where recipients of it wait for others (held.h) */
	size_t left;            /* recipients met that are not done */
	int whole;              /* the pass has met them all */
	int dying;              /* the message is too old: what is deferred now has failed */
	int deferred;           /* somebody was told to come again */
	int64_t birth;          /* of the message; of one that goes straight 0 */
	uint64_t reached;       /* offset of the record that the pass has met last; UINT64_MAX: no pass is under way */
	int64_t retry;
	stralloc sender;        /* no final NUL */
} job;

/* job_init: room for n jobs at once; again: for n more. Waits for memory. */
extern void job_init(unsigned int n);

/* job_open: a free job with one reference, or null; the caller fills it in. job_hold: one more. */
extern job *job_open(uint64_t id, channel c);
extern void job_hold(job *j);

/* job_release: give a reference back. With the last: recipients left, or not all known: due again at
 * j->retry. Nobody left: the recipient file is removed, and if that was the last channel of the message,
 * the message is done. Trouble with the disk only delays. */
extern void job_release(job *j, int64_t now);

/* job_end_channel: nobody is left on a channel whose recipient file was written: what job_release does then. */
extern void job_end_channel(channel ended, uint64_t id, int64_t now);

#endif
