/* SPDX-License-Identifier: ISC */

#include "send/held.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "proto/recips.h"
#include "send/controls.h"
#include "send/delivery.h"
#include "send/log.h"
#include "send/policy.h"
#include "send/queuefile.h"
#include "send/quota.h"

/* Seconds between looks for messages of which others are due. */
enum { LOOK_SECONDS = 30 };

typedef struct held
{
	job *j;
	uint64_t offset;        /* of the first one's record */
	struct held *next;
	struct held *before;
} held;

static unsigned int n_held;
static int64_t next_look;
static unsigned int generation;         /* of the lines by which places were given (policy.h) */

/* ---- places */

static held *place_of(quota const *q, job const *j)
{
	held *h = j->places ? q->last : 0;

	/* Passes that are open have made theirs last. */
	while (h && h->j != j)
		h = h->before;
	return h;
}

static void add(quota *q, job *j, uint64_t offset)
{
	held *h;

	while (!(h = calloc(1, sizeof *h)))
		log_nomem();
	h->j = j;
	h->offset = offset;
	h->before = q->last;
	if (q->last)
		q->last->next = h;
	else
		q->first = h;
	q->last = h;
	n_held++;
	generation = policy_generation();
	j->places++;
	job_hold(j);
}

static void leave(quota *q, held *h, int64_t now)
{
	job *j = h->j;

	if (h->before)
		h->before->next = h->next;
	else
		q->first = h->next;
	if (h->next)
		h->next->before = h->before;
	else
		q->last = h->before;
	free(h);
	n_held--;
	j->places--;
	job_release(j, now);
}

int held_back(job *j, uint64_t offset, char const *recipient, size_t n, int64_t now)
{
	quota *q = quota_find(recipient, n);

	if (!q || (!q->first && q->used < q->limit))
		return q ? (quota_forget(q), 0) : 0;
	if (place_of(q, j))
		return 1;
	if (n_held < HELD_MAX)
		add(q, j, offset);
	else if (j->retry > now + SCHEDULE_TROUBLE)
		j->retry = now + SCHEDULE_TROUBLE;
	return 1;
}

/* ---- deliveries */

/* A record that the pass has not met yet is not counted among those of the job. */
static int is_ready(quota const *q, channel c)
{
	held const *h = q->first;

	return h && h->j->c == c && h->offset <= h->j->reached && q->used < q->limit;
}

/* The domain that has waited longest. Those in front of it have all the deliveries that they may, or wait for the other
 * channel. */
static quota *ready(channel c)
{
	quota *q = quota_all();

	while (q && !is_ready(q, c))
		q = q->next;
	return q;
}

int held_waits(channel c)
{
	return n_held && ready(c) != 0;
}

/* A recipient file from a place on. */
typedef struct reading
{
	int fd;
	recips_reader reader;
	size_t pos;
	size_t n;
	char block[2048];
} reading;

/* The next of the domain who is not done: 1; 0: there is none, or the file cannot be read, which the next pass sees. */
static int next_of(reading *r, quota const *q)
{
	for (;;) {
		recips_status s = recips_next(&r->reader, r->block, r->n, &r->pos);
		ssize_t got;

		if (s == RECIPS_NOMEM)
			log_nomem();
		else if (s == RECIPS_BAD)
			return 0;
		else if (s == RECIPS_TODO && quota_fits(q, r->reader.recipient, r->reader.len))
			return 1;
		if (s != RECIPS_MORE)
			continue;
		got = io_read(r->fd, r->block, sizeof r->block, 0);
		if (got <= 0)
			return 0;
		r->pos = 0;
		r->n = (size_t)got;
	}
}

static int open_at(reading *r, held const *h)
{
	r->pos = r->n = 0;
	recips_rewind(&r->reader, h->offset);
	r->fd = queuefile_open(channel_kind(h->j->c), h->j->id, O_RDONLY);
	return r->fd >= 0 && lseek(r->fd, (off_t)h->offset, SEEK_SET) >= 0;
}

/* The attempt is made now, not when the pass came by; but who was deferred then waits no longer for that. */
static void date(job *j, int64_t now)
{
	if (!j->deferred)
		j->retry = schedule_retry(j->birth, now, j->c);
	j->dying = schedule_dying(j->birth, now, policy_lifetime(j->sender.s, j->sender.len, controls.queuelifetime));
}

void held_start(channel c, int64_t now)
{
	static reading r = { .fd = -1, .reader = RECIPS_READER_ZERO };
	quota *q = ready(c);
	held *h = q->first;
	int more = 0;

	quota_served(q);
	if (open_at(&r, h)) {
		more = next_of(&r, q);
		if (more && r.reader.offset <= h->j->reached) {
			date(h->j, now);
			delivery_start(h->j, r.reader.offset, r.reader.recipient, r.reader.len);
			more = next_of(&r, q);
		}
		if (more)
			h->offset = r.reader.offset;
	} else {
		log_line("warning: trouble opening ", queuefile_name(channel_kind(c), h->j->id), "; will try again later");
		h->j->retry = now + SCHEDULE_TROUBLE;
	}
	if (r.fd >= 0)
		close(r.fd);
	if (!more)
		leave(q, h, now);
	quota_forget(q);
}

/* ---- others of the same message */

static int is_due(job const *j, int64_t due)
{
	return j->whole && j->deferred && j->retry <= due;
}

/* Who has a place gives it up: where others of his message are due by then, or, with all, everybody. */
static void give_way(int all, int64_t due, int64_t now)
{
	quota *q = quota_all();

	while (q) {
		quota *next = q->next;
		held *h = q->first;

		while (h) {
			held *after = h->next;

			if (all || is_due(h->j, due)) {
				if (h->j->retry > now)
					h->j->retry = now;
				leave(q, h, now);
			}
			h = after;
		}
		quota_forget(q);
		q = next;
	}
}

void held_hurry(int64_t now)
{
	if (n_held)
		give_way(0, INT64_MAX, now);
}

/* A place stands for all who count together from there on. When others do, one recipient could have two places, and
 * get his mail twice, or be counted where he no longer belongs. */
void held_reload(int64_t now)
{
	if (n_held && generation != policy_generation())
		give_way(1, INT64_MAX, now);
}

void held_selprep(turn *t)
{
	if (n_held && !turn_stopping())
		turn_wake(t, next_look);
}

void held_do(turn const *t)
{
	if (!n_held || turn_stopping() || (t->now < next_look && next_look <= t->now + LOOK_SECONDS))
		return;
	give_way(0, t->now, t->now);
	next_look = t->now + LOOK_SECONDS;
}
