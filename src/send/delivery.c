/* SPDX-License-Identifier: ISC */

#include "send/delivery.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/conf.h"
#include "mail/bounce.h"
#include "proto/recips.h"
#include "proto/spawn.h"
#include "route/verp.h"
#include "send/bounce.h"
#include "send/log.h"
#include "send/queuefile.h"
#include "send/quota.h"
#include "send/straight.h"

typedef struct slot
{
	job *j;                 /* null: free */
	uint64_t number;        /* as the log counts */
	uint64_t offset;
	stralloc recipient;
	quota *q;               /* null: there is no limit */
} slot;

typedef struct spawner
{
	int commands;
	int reports;
	int alive;              /* its reports may still come */
	int deaf;               /* it takes no more commands */
	unsigned int limit;
	unsigned int wanted;    /* that the limit may still become; 0: that is settled */
	int asked;              /* for as many */
	unsigned int used;
	slot *slots;            /* by delivery number */
	uint64_t *taken;        /* a bit for each of these */
	stralloc command;       /* what is still to be written, from written on; empty: nothing */
	size_t written;
	spawn_report report;
	char block[4096];       /* of reports, used up to pos */
	size_t pos;
	size_t n;
} spawner;

static spawner spawners[CHANNELS];
static uint64_t started;

enum { BITS = 64, NEARLY_ALL = 10 };

static void take_number(spawner *p, unsigned int number)
{
	p->taken[number / BITS] |= UINT64_C(1) << number % BITS;
}

static void give_number(spawner *p, unsigned int number)
{
	p->taken[number / BITS] &= ~(UINT64_C(1) << number % BITS);
}

/* Room for so many deliveries; what is under way stays. */
static void set_limit(spawner *p, unsigned int limit)
{
	size_t const had = p->limit ? spawn_highest(p->limit) + 1 : 0;
	size_t const n = spawn_highest(limit) + 1;
	size_t const had_words = (had + BITS - 1) / BITS;
	size_t const words = (n + BITS - 1) / BITS;
	uint64_t *taken;
	slot *slots;

	while (!(slots = realloc(p->slots, n * sizeof *slots)))
		log_nomem();
	p->slots = slots;
	while (!(taken = realloc(p->taken, words * sizeof *taken)))
		log_nomem();
	p->taken = taken;
	memset(slots + had, 0, (n - had) * sizeof *slots);
	memset(taken + had_words, 0, (words - had_words) * sizeof *taken);
	if (n > SPAWN_WIDE)
		take_number(p, SPAWN_WIDE);
	p->limit = limit;
}

int delivery_init(channel c, int fd_commands, int fd_reports, unsigned int limit, unsigned int wanted)
{
	spawner *p = &spawners[c];

	*p = (spawner){ .commands = fd_commands, .reports = fd_reports, .alive = 1, .report = SPAWN_REPORT_ZERO,
		.wanted = wanted > limit && limit == conf_spawn ? wanted : 0 };
	if (limit)
		set_limit(p, limit);
	return ndelay_on(fd_commands) == 0;
}

int delivery_open(channel c)
{
	return !spawners[c].deaf && spawners[c].limit > 0;
}

int delivery_available(channel c)
{
	spawner const *p = &spawners[c];

	return !p->deaf && !p->command.len && p->used < p->limit;
}

unsigned int delivery_limit(channel c)
{
	return spawners[c].limit;
}

unsigned int delivery_room(channel c)
{
	return spawners[c].limit - spawners[c].used;
}

int delivery_idle(void)
{
	channel c;

	for (c = CHANNEL_LOCAL; c <= CHANNEL_REMOTE; c++)
		if (spawners[c].alive && spawners[c].used)
			return 0;
	return 1;
}

void delivery_status(void)
{
	channel c;

	log_text("status:");
	for (c = CHANNEL_LOCAL; c <= CHANNEL_REMOTE; c++) {
		log_text(" ");
		log_text(channel_name(c));
		log_text(" ");
		log_number(spawners[c].used);
		log_text("/");
		log_number(spawners[c].limit);
	}
	if (turn_stopping())
		log_text(" exitasap");
	log_end();
}

/* No more commands. What it was told before may have been done: its reports are taken until they end, or mail
 * that has been delivered would be delivered again. They do end, if it is still there: it sees the end of our
 * commands, or we would wait for the report on the one that it has never seen. */
static void lose_commands(spawner *p)
{
	p->command.len = 0;
	if (!p->deaf) {
		close(p->commands);
		log_line("alert: oh no! lost spawn connection! dying...", 0, 0);
	}
	p->deaf = 1;
	turn_stop();
}

static void lose(spawner *p)
{
	p->alive = 0;
	lose_commands(p);
}

static void write_command(spawner *p)
{
	ssize_t r = write(p->commands, p->command.s + p->written, p->command.len - p->written);

	if (r < 0) {
		if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
			lose_commands(p);
		return;
	}
	p->written += (size_t)r;
	if (p->written == p->command.len)
		p->command.len = 0;
}

static void put_command(spawner *p, unsigned int number)
{
	static stralloc sender = STRALLOC_ZERO;
	slot const *s = &p->slots[number];
	char mess[QPATH_FMT];

	qpath_mess_fmt(mess, queuefile_layout(), s->j->id);
	do
		sender.len = 0;
	while (!verp_sender(&sender, s->j->sender.s, s->j->sender.len, s->recipient.s, s->recipient.len)
	 && (log_nomem(), 1));
	while (!spawn_request_put(&p->command, number, mess, sender.s, sender.len, s->recipient.s, s->recipient.len))
		log_nomem();
	p->written = 0;
}

/* The lowest number that is free. There is one. */
static unsigned int free_slot(spawner const *p)
{
	unsigned int i = 0;

	while (p->taken[i] == UINT64_MAX)
		i++;
	return i * BITS + (unsigned int)__builtin_ctzll(~p->taken[i]);
}

static void log_start(slot const *s)
{
	log_text("starting delivery ");
	log_number(s->number);
	log_text(": msg ");
	log_number(s->j->id);
	log_text(" to ");
	log_text(channel_name(s->j->c));
	log_text(" ");
	log_safe(s->recipient.s, s->recipient.len);
	log_end();
}

void delivery_start(job *j, uint64_t offset, char const *recipient, size_t n)
{
	spawner *p = &spawners[j->c];
	unsigned int number = free_slot(p);
	slot *s = &p->slots[number];

	while (!stralloc_copyb(&s->recipient, recipient, n))
		log_nomem();
	s->offset = offset;
	s->number = ++started;
	s->j = j;
	s->q = quota_take(recipient, n);
	job_hold(j);
	put_command(p, number);
	take_number(p, number);
	p->used++;
	log_start(s);
	delivery_status();
	write_command(p);
}

/* The mark may be lost in a crash: then the recipient is tried again, never forgotten. */
static void mark(slot const *s)
{
	qpath_kind k = channel_kind(s->j->c);
	int fd;
	int ok;

	if (s->j->m && !straight_mark(s->j, s->offset))
		return;
	fd = queuefile_open(k, s->j->id, O_WRONLY);
	ok = fd >= 0 && recips_mark(fd, s->offset);
	if (fd >= 0)
		close(fd);
	if (!ok)
		log_line("warning: trouble marking ", queuefile_name(k, s->j->id), "; message will be delivered twice!");
}

/* The failure will not be forgotten, whatever becomes of the mark. */
static int note(slot const *s, stralloc const *text)
{
	if (s->j->m && !straight_note(s->j, s->recipient.s, s->recipient.len, text->s, text->len))
		return 1;
	return bounce_append(s->j->id, s->recipient.s, s->recipient.len, text->s, text->len);
}

static void log_result(slot const *s, char const *how, stralloc const *text)
{
	log_text("delivery ");
	log_number(s->number);
	log_text(how);
	if (text)
		log_safe(text->s, text->len);
	log_end();
}

/* One recipient is done with. A failure is in the bounce, on disk, before the mark says so. Returns whether
 * it was a failure. */
static int settle(slot *s, spawn_report *r, int64_t now)
{
	char letter = r->letter;

	if (letter == 'Z' && s->j->dying) {
		while (!bounce_expired(&r->text))
			log_nomem();
		letter = 'D';
	}
	switch (letter) {
	case 'K':
		log_result(s, ": success: ", &r->text);
		break;
	case 'D':
		log_result(s, ": failure: ", &r->text);
		if (!note(s, &r->text))
			letter = 'Z';
		break;
	case 'Z':
		log_result(s, ": deferral: ", &r->text);
		break;
	default:
		log_result(s, ": report mangled, will defer", 0);
	}
	if (letter == 'K' || letter == 'D') {
		mark(s);
		s->j->left--;
	} else {
		s->j->deferred = 1;
	}
	quota_give(s->q);
	job_release(s->j, now);
	s->j = 0;
	return letter == 'D';
}

/* ---- more than the greeting said ------------------------------------------------------------------ */

static void ask_for_more(spawner *p)
{
	if (!p->wanted || p->asked || p->deaf || p->command.len || p->limit - p->used > p->limit / NEARLY_ALL || turn_stopping())
		return;
	while (!spawn_ask_put(&p->command, p->wanted))
		log_nomem();
	p->written = 0;
	p->asked = 1;
	write_command(p);
}

/* Fewer than the administrator wants, for want of something, or of whoever can number more. */
static void log_less(spawner const *p, stralloc const *what)
{
	char const *name = channel_name((channel)(p - spawners));

	log_text("warning: control/concurrency");
	log_text(name);
	log_text(": there can be no more than ");
	log_number(p->limit);
	log_text(" ");
	log_text(name);
	log_text(" deliveries at once: ");
	log_text(what->len ? "the limit (ulimit) on " : "its spawner knows no more");
	log_safe(what->s, what->len);
	log_end();
}

static void take_offer(spawner *p)
{
	spawn_report *r = &p->report;
	unsigned int offer = r->offer < p->wanted ? r->offer : p->wanted;
	unsigned int before = p->limit;

	if (offer > before) {
		set_limit(p, offer);
		job_init(offer - before);
	}
	if (!r->offer)
		r->text.len = 0;
	if (p->limit < p->wanted)
		log_less(p, &r->text);
	p->wanted = 0;
	if (p->limit > before)
		delivery_status();
}

static int take_report(spawner *p, int64_t now)
{
	unsigned int number = p->report.number;
	int failed;

	if (number == SPAWN_WIDE && p->asked && p->wanted) {
		take_offer(p);
		return 0;
	}
	if (!p->limit || number > spawn_highest(p->limit) || !p->slots[number].j) {
		log_line("warning: internal error: delivery report out of range", 0, 0);
		return 0;
	}
	failed = settle(&p->slots[number], &p->report, now);
	give_number(p, number);
	p->used--;
	delivery_status();
	return failed;
}

static void read_block(spawner *p)
{
	ssize_t n = read(p->reports, p->block, sizeof p->block);

	p->pos = 0;
	p->n = n > 0 ? (size_t)n : 0;
	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK))
		lose(p);
}

/* A failure costs a disk flush: no more than one a turn. */
static void take_reports(spawner *p, int64_t now)
{
	while (p->pos < p->n) {
		int r = spawn_report_feed(&p->report, p->block, p->n, &p->pos);

		if (r < 0)
			log_nomem();
		else if (r > 0 && take_report(p, now))
			break;
	}
}

void delivery_selprep(turn *t)
{
	channel c;

	for (c = CHANNEL_LOCAL; c <= CHANNEL_REMOTE; c++) {
		spawner const *p = &spawners[c];

		if (!p->alive)
			continue;
		if (p->pos < p->n)
			turn_now(t);
		else
			turn_watch(t, p->reports, POLLIN);
		if (p->command.len)
			turn_watch(t, p->commands, POLLOUT);
	}
}

void delivery_do(turn const *t)
{
	channel c;

	for (c = CHANNEL_LOCAL; c <= CHANNEL_REMOTE; c++) {
		spawner *p = &spawners[c];

		if (p->alive && p->command.len && turn_ready(t, p->commands))
			write_command(p);
	}
	for (c = CHANNEL_LOCAL; c <= CHANNEL_REMOTE; c++) {
		spawner *p = &spawners[c];

		if (p->pos == p->n && p->alive && turn_ready(t, p->reports))
			read_block(p);
		take_reports(p, t->now);
		ask_for_more(p);
	}
}
