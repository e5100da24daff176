/* SPDX-License-Identifier: ISC */

#include "send/job.h"

#include <stdlib.h>

#include "send/log.h"
#include "send/queuefile.h"
#include "send/straight.h"

static job *unused;             /* that have been used */
static job *fresh;              /* fresh[0..n_fresh) never were: they cost no memory yet */
static unsigned int n_fresh;

static void put_back(job *j)
{
	j->next = unused;
	unused = j;
}

void job_init(unsigned int n)
{
	if (!n)
		return;
	while (n_fresh)
		put_back(&fresh[--n_fresh]);
	while (!(fresh = calloc(n, sizeof *fresh)))
		log_nomem();
	n_fresh = n;
}

static job *take(void)
{
	job *j = unused;

	if (j)
		unused = j->next;
	else if (n_fresh)
		j = &fresh[--n_fresh];
	return j;
}

job *job_open(uint64_t id, channel c)
{
	job *j = take();

	if (!j)
		return 0;
	j->id = id;
	j->c = c;
	j->m = 0;
	j->refs = 1;
	j->places = 0;
	j->left = 0;
	j->whole = 0;
	j->dying = 0;
	j->deferred = 0;
	j->birth = 0;
	j->reached = UINT64_MAX;
	j->retry = 0;
	j->sender.len = 0;
	return j;
}

void job_hold(job *j)
{
	j->refs++;
}

/* Nobody is left on this channel. The order is that of the message's states: the recipient file goes
 * before anybody may think the message done. */
void job_end_channel(channel ended, uint64_t id, int64_t now)
{
	int64_t when = now;
	channel c;

	if (!queuefile_remove(channel_kind(ended), id)) {
		log_line("warning: unable to unlink ", queuefile_name(channel_kind(ended), id), "; will try again later");
		schedule_wait(ended, SCHEDULE_RETRY, now + SCHEDULE_TROUBLE, id);
		return;
	}
	for (c = CHANNEL_LOCAL; c <= CHANNEL_REMOTE; c++) {
		int there = queuefile_exists(channel_kind(c), id, 0);

		if (there > 0)
			return;
		if (there < 0) {
			log_line("warning: unable to stat ", queuefile_name(channel_kind(c), id), "; will try again later");
			when = now + SCHEDULE_TROUBLE;
			break;
		}
	}
	/* If a channel is there after all, whoever looks at the done messages will see it. */
	schedule_add(SCHEDULE_DONE, when, id);
}

void job_release(job *j, int64_t now)
{
	if (--j->refs)
		return;
	put_back(j);
	if (j->m)
		straight_ended(j, now);
	else if (j->whole && !j->left)
		job_end_channel(j->c, j->id, now);
	else
		schedule_wait(j->c, SCHEDULE_RETRY, j->retry, j->id);
}
