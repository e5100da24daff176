/* SPDX-License-Identifier: ISC */

#include "send/job.h"

#include <stdlib.h>

#include "send/log.h"
#include "send/queuefile.h"

static job *jobs;
static unsigned int n_jobs;

void job_init(unsigned int n)
{
	while (!(jobs = calloc(n, sizeof *jobs)))
		log_nomem();
	n_jobs = n;
}

job *job_open(uint64_t id, channel c)
{
	unsigned int i;

	for (i = 0; i < n_jobs; i++) {
		job *j = &jobs[i];

		if (j->refs)
			continue;
		j->id = id;
		j->c = c;
		j->refs = 1;
		j->left = 0;
		j->whole = 0;
		j->dying = 0;
		j->retry = 0;
		j->sender.len = 0;
		return j;
	}
	return 0;
}

void job_hold(job *j)
{
	j->refs++;
}

/* Nobody is left on this channel. The order is that of the message's states: the recipient file goes
 * before anybody may think the message done. */
static void end_channel(job const *j, int64_t now)
{
	int64_t when = now;
	channel c;

	if (!queuefile_remove(channel_kind(j->c), j->id)) {
		log_line("warning: unable to unlink ", queuefile_name(channel_kind(j->c), j->id), "; will try again later");
		schedule_wait(j->c, SCHEDULE_RETRY, now + SCHEDULE_TROUBLE, j->id);
		return;
	}
	for (c = CHANNEL_LOCAL; c <= CHANNEL_REMOTE; c++) {
		int there = queuefile_exists(channel_kind(c), j->id, 0);

		if (there > 0)
			return;
		if (there < 0) {
			log_line("warning: unable to stat ", queuefile_name(channel_kind(c), j->id), "; will try again later");
			when = now + SCHEDULE_TROUBLE;
			break;
		}
	}
	/* If a channel is there after all, whoever looks at the done messages will see it. */
	schedule_add(SCHEDULE_DONE, when, j->id);
}

void job_release(job *j, int64_t now)
{
	if (--j->refs)
		return;
	if (j->whole && !j->left)
		end_channel(j, now);
	else
		schedule_wait(j->c, SCHEDULE_RETRY, j->retry, j->id);
}
