/* SPDX-License-Identifier: ISC */

#include "send/pass.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/io.h"
#include "proto/recips.h"
#include "send/controls.h"
#include "send/damage.h"
#include "send/delivery.h"
#include "send/held.h"
#include "send/job.h"
#include "send/log.h"
#include "send/policy.h"
#include "send/queuefile.h"
#include "send/straight.h"
#include "send/wall.h"

/* Seconds that clocks may differ by, and still be taken for right. Of so many deliveries one is for a pass, when there
 * are first attempts as well. */
enum { AHEAD_MAX = 3600, PASS_SHARE = 4 };

/* Steps in a turn of the loop: reports come first, but need not be asked for after each step. */
enum { STEPS_MAX = 16 };

/* Of so many deliveries of a channel one is for first attempts: connections to hosts that do not answer last a minute
 * each, and would keep everybody waiting who can be served at once. Passes of first attempts find a place, too. */
enum { FIRST_SHARE = 10, RETRIES_MAX = PASS_MAX - 2 };

typedef struct pass
{
	job *j;                 /* null: no pass here */
	schedule_age age;
	int fd;
	unsigned int started;   /* deliveries since it got its turn */
	int met;                /* a recipient, done or not */
	recips_reader reader;
	size_t pos;
	size_t n;
	char block[2048];
} pass;

typedef struct lane
{
	unsigned int current;
	unsigned int turns;
	int held;               /* the last delivery was to one who had waited for his domain */
	pass passes[PASS_MAX];
} lane;

static lane lanes[CHANNELS];

/* What is wrong with a file, and what to do (damage.h). */
static char const is_odd[] = "cannot be opened, whenever it is tried: its message waits until this is a file of user qmails";
static char const no_sender[] = "does not hold a sender (F, address, NUL): its message waits until it does";
static char const no_recipient[] = "holds no recipient: its message waits until it does (T, address, NUL),"
	" or ends if this file is removed while qmail-send is stopped";
static char const bad_record[] = "has a record that starts with neither T nor D: the recipients from there on wait"
	" until that is mended";
static char const cut_record[] = "ended inside a record: its last recipient has got nothing";

static void log_trouble(char const *what, qpath_kind k, uint64_t id, char const *end)
{
	log_line(what, queuefile_name(k, id), end);
}

static int room_for_retries(channel c)
{
	return delivery_room(c) > delivery_limit(c) / FIRST_SHARE;
}

/* Which passes may be opened. */
static schedule_age least(lane const *l, channel c)
{
	unsigned int retries = 0;
	unsigned int i;

	for (i = 0; i < PASS_MAX; i++)
		retries += l->passes[i].j && l->passes[i].age == SCHEDULE_RETRY;
	return retries < RETRIES_MAX && room_for_retries(c) ? SCHEDULE_RETRY : SCHEDULE_NEW;
}

static int may_step(pass const *p, channel c)
{
	return p->age == SCHEDULE_NEW || room_for_retries(c);
}

/* Whether there is something to do at a place: a pass that may go on, or a message that is due. */
static int is_ready(lane const *l, unsigned int k, channel c, int64_t now)
{
	pass const *p = &l->passes[k];

	return p->j ? may_step(p, c) : schedule_pass_due(c, least(l, c), now);
}

/* Who is next: the place behind the current one at which there is something to do. */
static void next(lane *l, channel c, int64_t now)
{
	unsigned int i;

	for (i = 1; i <= PASS_MAX; i++) {
		unsigned int k = (l->current + i) % PASS_MAX;

		if (is_ready(l, k, c, now)) {
			l->current = k;
			break;
		}
	}
	l->passes[l->current].started = 0;
}

static void close_pass(lane *l, pass *p, int64_t now)
{
	job *j = p->j;

	close(p->fd);
	p->j = 0;
	j->reached = UINT64_MAX;
	next(l, j->c, now);
	job_release(j, now);
}

/* When the message came, as its age counts. A birth that lies ahead was noted while the clock went wrong: that
 * message would be tried again when the clock shows it, and never be too old. It is born again. */
static int64_t born(uint64_t id, int64_t birth, int64_t now)
{
	struct timeval tv[2] = { { .tv_sec = now, .tv_usec = 0 }, { .tv_sec = now, .tv_usec = 0 } };

	birth = wall_time(birth);
	if (birth <= now + AHEAD_MAX)
		return birth;
	log_line("warning: the time of ", queuefile_name(QPATH_INFO, id), " lies ahead; its message counts as new");
	if (utimes(queuefile_name(QPATH_INFO, id), tv) < 0)
		log_line("warning: unable to utime ", queuefile_name(QPATH_INFO, id), "; will try again later");
	return now;
}

static void open_pass(lane const *l, pass *p, channel c, int64_t now)
{
	schedule_age oldest = least(l, c);
	qpath_kind k = channel_kind(c);
	int64_t birth;
	uint64_t id;
	job *j;
	int e;

	if (!schedule_pass_due(c, oldest, now) || !(j = job_open(0, c)))
		return;
	schedule_pass(c, oldest, now, &id, &p->age);
	j->id = id;
	j->retry = now + SCHEDULE_TROUBLE;
	p->fd = queuefile_open(k, id, O_RDONLY);
	if (p->fd < 0 || !queuefile_info(&j->sender, &birth, id)) {
		e = errno;
		if (p->fd >= 0) {
			close(p->fd);
			k = QPATH_INFO;
		}
		log_trouble("warning: trouble opening ", k, id, "; will try again later");
		if (e == EPROTO || queuefile_odd(e))
			damage_note(k, id, e == EPROTO ? no_sender : is_odd);
		job_release(j, now);
		return;
	}
	birth = born(id, birth, now);
	j->birth = birth;
	j->reached = 0;
	j->retry = schedule_retry(birth, now, c);
	j->dying = schedule_dying(birth, now, policy_lifetime(j->sender.s, j->sender.len, controls.queuelifetime));
	recips_rewind(&p->reader, 0);
	p->pos = 0;
	p->n = 0;
	p->started = 0;
	p->met = 0;
	p->j = j;
}

/* The next record, reading on as needed. RECIPS_MORE: the end of the file, *trouble 0, or that it could
 * not be read, *trouble 1. */
static recips_status next_record(pass *p, int *trouble)
{
	*trouble = 0;
	for (;;) {
		recips_status s = recips_next(&p->reader, p->block, p->n, &p->pos);
		ssize_t r;

		if (s == RECIPS_NOMEM) {
			log_nomem();
			continue;
		}
		if (s != RECIPS_MORE)
			return s;
		r = io_read(p->fd, p->block, sizeof p->block, 0);
		if (r <= 0) {
			*trouble = r < 0;
			return RECIPS_MORE;
		}
		p->pos = 0;
		p->n = (size_t)r;
	}
}

/* The whole file has been read. It was on disk before todo/N went, and never without a recipient: one that has
 * none is not the file that was written, and nobody is done with. A last record that is not ended has always been
 * passed over. */
static void end_file(pass *p, channel c)
{
	qpath_kind k = channel_kind(c);

	p->j->whole = p->met > 0;
	if (!p->met) {
		log_trouble("warning: trouble reading ", k, p->j->id, "; will try again later");
		damage_note(k, p->j->id, no_recipient);
	} else if (recips_cut(&p->reader)) {
		damage_note(k, p->j->id, cut_record);
	}
}

static void step(lane *l, pass *p, channel c, int64_t now)
{
	int trouble;

	switch (next_record(p, &trouble)) {
	case RECIPS_TODO:
		p->met = 1;
		p->j->left++;
		p->started++;
		p->j->reached = p->reader.offset;
		if (!held_back(p->j, p->reader.offset, p->reader.recipient, p->reader.len, now))
			delivery_start(p->j, p->reader.offset, p->reader.recipient, p->reader.len);
		if (p->started >= PASS_QUANTUM)
			next(l, c, now);
		break;
	case RECIPS_DONE:
		p->met = 1;
		break;
	case RECIPS_MORE:
		if (trouble)
			log_trouble("warning: trouble reading ", channel_kind(c), p->j->id, "; will try again later");
		else
			end_file(p, c);
		close_pass(l, p, now);
		break;
	default:
		log_trouble("warning: unknown record type in ", channel_kind(c), p->j->id, "!");
		damage_note(channel_kind(c), p->j->id, bad_record);
		close_pass(l, p, now);
	}
}

static int any_open(lane const *l)
{
	unsigned int i;

	for (i = 0; i < PASS_MAX; i++)
		if (l->passes[i].j)
			return 1;
	return 0;
}

static int any_may_step(lane const *l, channel c)
{
	unsigned int i;

	for (i = 0; i < PASS_MAX; i++)
		if (l->passes[i].j && may_step(&l->passes[i], c))
			return 1;
	return 0;
}

static int has_place(lane const *l)
{
	unsigned int i;

	for (i = 0; i < PASS_MAX; i++)
		if (!l->passes[i].j)
			return 1;
	return 0;
}

static void prepare(turn *t, lane const *l, channel c)
{
	int available = delivery_available(c);
	int64_t when;

	if (available && (straight_waits(c) || held_waits(c) || any_may_step(l, c)))
		turn_now(t);
	else if ((available || !any_open(l)) && has_place(l) && schedule_pass_first(c, least(l, c), &when))
		turn_wake(t, when);
}

void pass_selprep(turn *t)
{
	channel c;

	if (turn_stopping())
		return;
	for (c = CHANNEL_LOCAL; c <= CHANNEL_REMOTE; c++)
		if (delivery_open(c))
			prepare(t, &lanes[c], c);
}

/* Whose turn it is: a first attempt's, or a pass's. */
static int is_straight(lane *l, channel c, int64_t now)
{
	if (!straight_waits(c))
		return 0;
	if (straight_in_midst(c) || (!any_open(l) && !schedule_pass_due(c, least(l, c), now)))
		return 1;
	l->turns = (l->turns + 1) % PASS_SHARE;
	return l->turns != 0;
}

static int go_on(lane *l, channel c, int64_t now)
{
	pass *p = &l->passes[l->current];

	if (p->j && !delivery_available(c))
		return 0;
	/* What was due when this place got its turn may have failed to open, or may have to leave room: then another
	 * goes on. */
	if (!is_ready(l, l->current, c, now))
		next(l, c, now);
	if (!is_ready(l, l->current, c, now))
		return 0;
	p = &l->passes[l->current];
	if (!p->j)
		open_pass(l, p, c, now);
	else if (delivery_available(c))
		step(l, p, c, now);
	else
		return 0;
	return p->j || schedule_pass_due(c, least(l, c), now);
}

/* Whether there may be more to do at once. */
static int do_channel(channel c, int64_t now)
{
	lane *l = &lanes[c];

	if (turn_stopping() || !delivery_open(c))
		return 0;
	l->held = !l->held && delivery_available(c) && !straight_in_midst(c) && held_waits(c);
	if (l->held)
		held_start(c, now);
	else if (delivery_available(c) && is_straight(l, c, now))
		straight_start(c, now);
	else
		return go_on(l, c, now);
	return 1;
}

void pass_do(turn const *t)
{
	unsigned int i = 0;
	int more;

	do
		more = do_channel(CHANNEL_LOCAL, t->now) | do_channel(CHANNEL_REMOTE, t->now);
	while (more && ++i < STEPS_MAX);
}
