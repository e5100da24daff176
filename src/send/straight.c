/* SPDX-License-Identifier: ISC */

#include "send/straight.h"

#include <stdlib.h>
#include <string.h>

#include "send/bounce.h"
#include "send/cleaner.h"
#include "send/controls.h"
#include "send/delivery.h"
#include "send/log.h"
#include "send/policy.h"
#include "send/queuefile.h"
#include "send/quota.h"

/* So many wait for a place on a channel; requests that others may still want to make of qmail-clean; as many lists as
 * make looking for a number short. */
enum { WAITING_MAX = 256, ROOM_LEFT = 64, BUCKETS = 1024 };

/* Where a message is on its way. */
typedef enum stage
{
	TRYING,         /* its deliveries wait, are under way, or are not over; oldest first */
	LEAVING,        /* it has to be written */
	WRITING,        /* it is being written */
	FAILED,         /* all is over; its bounce is to be sent */
	BOUNCING,       /* its bounce is under way */
	ENDING,         /* all is over; it is to be removed */
	REMOVING,       /* qmail-clean was asked to remove todo */
	LATER,          /* something did not work; the first is due first */
	STUCK,          /* something did not work, and we are to stop */
	STAGES
} stage;

/* A place in a list. The head of a list is one too. */
typedef struct place
{
	struct place *next;
	struct place *previous;
	struct straight *m;
} place;

/* What there is for each channel. */
typedef struct side
{
	place waiting;          /* in line for being started, unless next is null */
	job *j;                 /* while deliveries are under way */
	size_t at;              /* the record to start next */
	int begun;
	int64_t retry;          /* once begun: of those who were deferred */
} side;

typedef struct straight
{
	preprocess e;           /* first: see straight_written */
	place stage;
	enum stage where;
	struct straight *bucket;        /* the next with such a number */
	side sides[CHANNELS];
	int64_t taken;
	int64_t due;            /* LATER */
	int begun;              /* it is in the log */
	int ended;              /* so is its end */
	int unsent;             /* its bounce could not be queued */
} straight;

static place stages[STAGES];
static place waiting[CHANNELS];
static unsigned int n_waiting[CHANNELS];
static straight *buckets[BUCKETS];
static straight *unused;
static unsigned int n_unused;

/* ---- lists ---------------------------------------------------------------------------------------- */

static void leave_list(place *p)
{
	if (!p->next)
		return;
	p->next->previous = p->previous;
	p->previous->next = p->next;
	p->next = 0;
}

/* Behind all others. A head that was never used is all zeros. */
static void join_list(place *head, place *p, straight *m)
{
	if (!head->next)
		head->next = head->previous = head;
	p->m = m;
	p->next = head;
	p->previous = head->previous;
	head->previous->next = p;
	head->previous = p;
}

static straight *first_of(place const *head)
{
	return head->next && head->next != head ? head->next->m : 0;
}

static straight *first_at(enum stage where)
{
	return first_of(&stages[where]);
}

static straight *first_waiting(channel c)
{
	return first_of(&waiting[c]);
}

static void move(straight *m, enum stage where)
{
	leave_list(&m->stage);
	m->where = where;
	join_list(&stages[where], &m->stage, m);
}

static void stop_waiting(straight *m, channel c)
{
	if (!m->sides[c].waiting.next)
		return;
	leave_list(&m->sides[c].waiting);
	n_waiting[c]--;
}

static straight **bucket_of(uint64_t id)
{
	return &buckets[id % BUCKETS];
}

static straight *find(uint64_t id)
{
	straight *m = *bucket_of(id);

	while (m && m->e.id != id)
		m = m->bucket;
	return m;
}

int straight_has(uint64_t id)
{
	return find(id) != 0;
}

/* ---- one more, one less --------------------------------------------------------------------------- */

enum { UNUSED_MAX = 64 };

static straight *new_one(void)
{
	straight *m = unused;

	if (m) {
		unused = m->bucket;
		n_unused--;
		return m;
	}
	while (!(m = calloc(1, sizeof *m)))
		log_nomem();
	return m;
}

/* A few are kept with their memory, which is small but for the notes. */
static void forget(straight *m)
{
	straight **b = bucket_of(m->e.id);
	int file;

	while (*b != m)
		b = &(*b)->bucket;
	*b = m->bucket;
	leave_list(&m->stage);
	stralloc_free(&m->e.records[PREPROCESS_BOUNCE]);
	if (n_unused < UNUSED_MAX) {
		m->bucket = unused;
		unused = m;
		n_unused++;
		return;
	}
	for (file = 0; file < PREPROCESS_FILES; file++)
		stralloc_free(&m->e.records[file]);
	stralloc_free(&m->e.lines);
	free(m);
}

static int file_of(channel c)
{
	return c == CHANNEL_LOCAL ? PREPROCESS_LOCAL : PREPROCESS_REMOTE;
}

/* They go through a pass, which knows what to do when it meets too many. */
static int has_limits(stralloc const *records)
{
	size_t at;
	size_t n;

	for (at = 0; at < records->len; at += n + 1) {
		n = strlen(records->s + at);
		if (n && quota_limited(records->s + at + 1, n - 1))
			return 1;
	}
	return 0;
}

static int fits(preprocess const *e)
{
	unsigned int all = 0;
	channel c;

	if (!e->small || turn_stopping())
		return 0;
	for (c = CHANNEL_LOCAL; c <= CHANNEL_REMOTE; c++) {
		unsigned int n = e->recipients[file_of(c)];

		if (n && (!delivery_open(c) || n > delivery_limit(c) || n_waiting[c] >= WAITING_MAX || has_limits(&e->records[file_of(c)])))
			return 0;
		all += n;
	}
	return all > 0;
}

int straight_take(preprocess *e, int64_t now)
{
	straight *m;
	preprocess empty;
	channel c;

	if (!fits(e))
		return 0;
	m = new_one();
	empty = m->e;
	*m = (straight){ .e = *e, .where = TRYING, .taken = now };
	*e = empty;
	m->e.straight = 1;
	m->e.born = now;
	m->bucket = *bucket_of(m->e.id);
	*bucket_of(m->e.id) = m;
	move(m, TRYING);
	for (c = CHANNEL_LOCAL; c <= CHANNEL_REMOTE; c++)
		if (m->e.recipients[file_of(c)]) {
			join_list(&waiting[c], &m->sides[c].waiting, m);
			n_waiting[c]++;
		}
	return 1;
}

/* ---- deliveries ----------------------------------------------------------------------------------- */

int straight_in_midst(channel c)
{
	straight const *m = first_waiting(c);

	return m && m->sides[c].begun;
}

/* All recipients of a channel are started one after the other, once there is room for them. */
int straight_waits(channel c)
{
	straight const *m = first_waiting(c);

	return m && (m->sides[c].begun || m->e.recipients[file_of(c)] <= delivery_room(c));
}

static void enter_log(straight *m)
{
	if (m->begun)
		return;
	m->begun = 1;
	log_raw(m->e.lines.s, m->e.lines.len);
	m->e.lines.len = 0;
}

static int begin(straight *m, channel c, int64_t now)
{
	stralloc const *info = &m->e.records[PREPROCESS_INFO];
	job *j = job_open(m->e.id, c);

	if (!j)
		return 0;
	while (!stralloc_copyb(&j->sender, info->s + 1, info->len - 2))
		log_nomem();
	j->m = m;
	j->retry = schedule_retry(m->taken, now, c);
	j->dying = schedule_dying(m->taken, now, policy_lifetime(j->sender.s, j->sender.len, controls.queuelifetime));
	m->sides[c].j = j;
	m->sides[c].begun = 1;
	m->sides[c].retry = j->retry;
	enter_log(m);
	return 1;
}

void straight_start(channel c, int64_t now)
{
	straight *m = first_waiting(c);
	side *d = &m->sides[c];
	stralloc const *r = &m->e.records[file_of(c)];
	size_t at = d->at;
	size_t n;
	job *j;

	if (!d->begun && !begin(m, c, now))
		return;
	j = d->j;
	n = strlen(r->s + at);
	d->at += n + 1;
	j->left++;
	delivery_start(j, at, r->s + at + 1, n - 1);
	if (d->at < r->len)
		return;
	stop_waiting(m, c);
	j->whole = 1;
	job_release(j, now);
}

static void later(straight *m, int64_t now)
{
	m->due = now + SCHEDULE_TROUBLE;
	move(m, turn_stopping() ? STUCK : LATER);
}

static int is_under_way(straight const *m)
{
	channel c;

	for (c = CHANNEL_LOCAL; c <= CHANNEL_REMOTE; c++)
		if (m->sides[c].j || m->sides[c].waiting.next)
			return 1;
	return 0;
}

static int has_recipients(straight const *m)
{
	return preprocess_waiting(&m->e, PREPROCESS_LOCAL) || preprocess_waiting(&m->e, PREPROCESS_REMOTE);
}

/* Where to, now that nothing is under way. */
static void decide(straight *m)
{
	if (has_recipients(m) || (m->unsent && m->e.records[PREPROCESS_BOUNCE].len))
		move(m, LEAVING);
	else
		move(m, m->e.records[PREPROCESS_BOUNCE].len ? FAILED : ENDING);
}

int straight_mark(job *j, uint64_t offset)
{
	j->m->e.records[file_of(j->c)].s[offset] = 'D';
	return j->m->where == WRITING;
}

int straight_note(job *j, char const *recipient, size_t recipientlen, char const *text, size_t n)
{
	bounce_note(&j->m->e.records[PREPROCESS_BOUNCE], recipient, recipientlen, text, n);
	return j->m->where == WRITING;
}

void straight_ended(job *j, int64_t now)
{
	straight *m = j->m;

	(void)now;
	m->sides[j->c].j = 0;
	m->sides[j->c].retry = j->retry;
	if ((m->where == TRYING || m->where == LEAVING) && !is_under_way(m))
		decide(m);
}

void straight_hurry(int64_t now)
{
	unsigned int i;
	straight *m;
	channel c;

	for (i = 0; i < BUCKETS; i++)
		for (m = buckets[i]; m; m = m->bucket)
			for (c = CHANNEL_LOCAL; c <= CHANNEL_REMOTE; c++)
				if (m->sides[c].begun && !m->sides[c].j)
					m->sides[c].retry = now;
}

/* ---- to the files --------------------------------------------------------------------------------- */

/* Nothing was said about it yet, and todo has it all: the next qmail-send takes it up. */
static void drop_unbegun(void)
{
	place *p = stages[TRYING].next;

	while (p && p != &stages[TRYING]) {
		straight *m = p->m;

		p = p->next;
		if (m->begun)
			continue;
		stop_waiting(m, CHANNEL_LOCAL);
		stop_waiting(m, CHANNEL_REMOTE);
		forget(m);
	}
}

static int is_due(straight const *m, int64_t now)
{
	return turn_stopping() || now < m->taken || now - m->taken >= STRAIGHT_SECONDS;
}

static straight *next_to_leave(int64_t now)
{
	straight *m = first_at(LEAVING);

	if (!m && (m = first_at(TRYING)) && !is_due(m, now))
		m = 0;
	if (!m && (m = first_at(FAILED)) && !is_due(m, now))
		m = 0;
	return m;
}

int straight_next(int64_t *when)
{
	static enum stage const in_time[] = { TRYING, FAILED };
	int64_t first = INT64_MAX;
	size_t i;

	if (first_at(LEAVING))
		first = 0;
	for (i = 0; i < sizeof in_time / sizeof *in_time; i++) {
		straight const *m = first_at(in_time[i]);

		if (m && m->taken + STRAIGHT_SECONDS < first)
			first = turn_stopping() ? 0 : m->taken + STRAIGHT_SECONDS;
	}
	*when = first;
	return first < INT64_MAX;
}

/* Who has not been started is tried from the file. */
static void stop_starting(straight *m, channel c, int64_t now)
{
	job *j = m->sides[c].j;

	if (!m->sides[c].waiting.next)
		return;
	stop_waiting(m, c);
	if (j) {
		j->retry = now;
		job_release(j, now);
	}
}

preprocess *straight_leaving(int64_t now)
{
	straight *m;

	if (turn_stopping())
		drop_unbegun();
	m = next_to_leave(now);
	if (!m)
		return 0;
	enter_log(m);
	move(m, WRITING);
	stop_starting(m, CHANNEL_LOCAL, now);
	stop_starting(m, CHANNEL_REMOTE, now);
	return &m->e;
}

/* Its files are on disk: its deliveries go on as those of any message. */
static void hand_over(straight *m, channel c, int64_t now)
{
	side const *d = &m->sides[c];

	if (!m->e.has[file_of(c)])
		return;
	if (d->j)
		d->j->m = 0;
	else if (!preprocess_waiting(&m->e, file_of(c)))
		job_end_channel(c, m->e.id, now);
	else
		schedule_wait(c, d->begun ? SCHEDULE_RETRY : SCHEDULE_NEW, d->begun ? d->retry : now, m->e.id);
}

void straight_written(preprocess *e, int ok, int64_t now)
{
	straight *m = (straight *)e;

	if (!ok) {
		later(m, now);
		return;
	}
	if (!e->has[PREPROCESS_LOCAL] && !e->has[PREPROCESS_REMOTE])
		schedule_add(SCHEDULE_DONE, m->unsent ? now + SCHEDULE_TROUBLE : now, e->id);
	hand_over(m, CHANNEL_LOCAL, now);
	hand_over(m, CHANNEL_REMOTE, now);
	forget(m);
}

/* ---- the end -------------------------------------------------------------------------------------- */

static void bounced(uint64_t id, int ok, int64_t now)
{
	straight *m = find(id);

	(void)now;
	m->unsent = !ok;
	if (ok) {
		m->e.has[PREPROCESS_BOUNCE] = 0;
		m->e.records[PREPROCESS_BOUNCE].len = 0;
	}
	decide(m);
}

static void send_bounce(straight *m, int64_t now)
{
	stralloc const *info = &m->e.records[PREPROCESS_INFO];

	if (!preprocess_notes(&m->e)) {
		later(m, now);
		return;
	}
	move(m, BOUNCING);
	bounce_inject(m->e.id, info->s + 1, info->len - 2, bounced, now);
}

static void removed(uint64_t id, int reply, int64_t now)
{
	straight *m = find(id);

	if (reply == CLEAN_DONE) {
		forget(m);
		cleaner_ask(CLEAN_FOOP, id, 0);
	} else {
		later(m, now);
	}
}

/* What a writing that failed has left must not outlive todo. */
static void end(straight *m, int64_t now)
{
	if (!preprocess_forget(&m->e)) {
		later(m, now);
		return;
	}
	if (!m->ended) {
		m->ended = 1;
		log_text("end msg ");
		log_number(m->e.id);
		log_end();
	}
	move(m, REMOVING);
	cleaner_ask(CLEAN_TODO, m->e.id, removed);
}

static int may_bounce(void)
{
	return !bounce_busy() && !turn_stopping();
}

/* Those of one turn go together; the next when the last of them is removed: qmail-clean has less to wake up for, and
 * requests of a message are not parted by those of a later one. */
static int may_end(void)
{
	return !first_at(REMOVING) && cleaner_room() > ROOM_LEFT;
}

static void end_some(int64_t now)
{
	straight *m;

	while (cleaner_room() > ROOM_LEFT && (m = first_at(ENDING)))
		end(m, now);
}

/* Once we are to stop, what did not work is tried once more, and then left. */
static int is_later(straight const *m, int64_t now)
{
	return turn_stopping() || now >= m->due || m->due > now + SCHEDULE_TROUBLE;
}

/* Deliveries may be under way while writing is put off: then that is tried again. */
static void take_up(straight *m)
{
	if (is_under_way(m))
		move(m, LEAVING);
	else
		decide(m);
}

void straight_do(turn const *t)
{
	straight *m;

	while ((m = first_at(LATER)) && is_later(m, t->now))
		take_up(m);
	if (may_bounce() && (m = first_at(FAILED)))
		send_bounce(m, t->now);
	if (may_end())
		end_some(t->now);
}

void straight_selprep(turn *t)
{
	straight const *m;

	if ((may_end() && first_at(ENDING)) || (may_bounce() && first_at(FAILED)))
		turn_now(t);
	if ((m = first_at(LATER)))
		turn_wake(t, turn_stopping() ? 0 : m->due);
}

int straight_busy(void)
{
	enum stage s;

	if (!cleaner_alive())
		return 0;
	for (s = TRYING; s < STUCK; s++)
		if (first_at(s))
			return 1;
	return 0;
}

static int has_done(preprocess const *e, int file)
{
	stralloc const *r = &e->records[file];
	size_t i = 0;

	while (i < r->len) {
		if (r->s[i] == 'D')
			return 1;
		i += strlen(r->s + i) + 1;
	}
	return 0;
}

void straight_give_up(void)
{
	unsigned int i;
	straight *m;

	for (i = 0; i < BUCKETS; i++)
		for (m = buckets[i]; m; m = m->bucket)
			if (has_done(&m->e, PREPROCESS_LOCAL) || has_done(&m->e, PREPROCESS_REMOTE))
				log_line("warning: trouble marking ", queuefile_name(QPATH_TODO, m->e.id),
					"; message will be delivered twice!");
}
