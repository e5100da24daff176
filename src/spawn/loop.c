/* SPDX-License-Identifier: ISC */

#include "loop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/iopause.h>
#include <skalibs/selfpipe.h>
#include <skalibs/sig.h>

#include "base/conf.h"
#include "base/io.h"
#include "base/raise.h"
#include "proto/share.h"
#include "proto/spawn.h"
#include "request.h"

enum
{
	NONE = INT_MAX,         /* no delivery number, and no place of a run */
	GROW_BY = 64,           /* slots and runs that are made at once */
	PID_LISTS = 256,
	EVENTS = 64,            /* outputs that are read in a turn */
	OTHER_FDS = 192,        /* descriptors beside those of deliveries: our own, what a start takes, rspawn/keep.h */
	OTHER_PROCESSES = 160,  /* of the same user: those that stay (rspawn/keep.h), those of qmail-rcptd, and a few */
	OUT_ROOM = 256,         /* what a refusal takes at most: set aside before a request is looked at */
	OUT_HIGH = 32 << 20,    /* reports waiting for a reader; only one that never reads gets here */
	RETRY_SECONDS = 1,      /* how soon to look for memory again */
	PAUSE_MS = 2,           /* without another request, for those that wait for company */
	WAIT_MS = 20,           /* that they wait in all */
	COMPANY_BYTES = 65536,  /* of recipients in one run: whatever the stack may hold, this much fits on it */
};

/* Delivery numbers in order, chained through slot.next. */
typedef struct list
{
	unsigned int first;
	unsigned int last;
	size_t n;
} list;
#define LIST_ZERO { .first = NONE, .last = NONE, .n = 0 }

/* A delivery number: what is to be delivered, until it is reported. */
typedef struct slot
{
	int used;
	stralloc mess;          /* these three NUL-terminated */
	stralloc sender;
	stralloc recipient;
	size_t at;              /* offset of the last @ in recipient */
	int alone;              /* shares a run with nobody */
	int fresh;              /* a process that was there did not take it */
	unsigned int next;
} slot;

/* A program that runs. Its report is due when pid is 0 and output is -1. Runs are linked by their places, up to NONE. */
typedef struct run
{
	int used;
	unsigned int next;      /* unused, or used: with such a pid */
	unsigned int next_touched;
	int touched;            /* something has happened to it */
	pid_t pid;              /* 0 once it was waited for */
	int output;             /* -1 after end of file */
	int status;
	int reused;             /* the process was there before */
	int heard;              /* it has printed something */
	tain until;             /* once it was waited for: when we stop listening to its output */
	list members;           /* that have no report yet */
	size_t n;               /* members at its start */
	size_t told;            /* of which so many are no longer here */
	report text;            /* n is 1 */
	stralloc all;           /* n is more: what it printed */
} run;

typedef struct loop
{
	loop_kind const *kind;
	uid_t owner;
	unsigned int most;      /* deliveries that may be asked for */
	slot *slots;            /* by delivery number, as far as they were needed */
	unsigned int n_slots;
	run *runs;
	unsigned int n_runs;
	unsigned int unused;            /* runs */
	unsigned int touched;           /* in the order of that */
	unsigned int last_touched;
	unsigned int lists[PID_LISTS];  /* runs by pid */
	int lingering;          /* some run may */
	int outputs;            /* epoll: of runs, by their places */
	list waiting;           /* to be started */
	stralloc latest;        /* message, sender and @host of the run that was started last, each with its NUL */
	int arrived;            /* requests have come since those that wait were looked at */
	int held;               /* they wait for company: */
	tain pause;             /* so long if nothing comes, */
	tain patience;          /* and no longer */
	unsigned int running;   /* slots in use */
	int signals;
	spawn_request request;
	char in[16384];
	size_t inpos;
	size_t inlen;
	int in_open;
	stralloc out;
	size_t outpos;
	int broken;             /* nobody reads our reports */
	int starved;            /* something waits for memory */
} loop;

static void list_put(loop *l, list *p, unsigned int number)
{
	l->slots[number].next = NONE;
	if (p->n++ == 0)
		p->first = number;
	else
		l->slots[p->last].next = number;
	p->last = number;
}

static unsigned int list_take(loop *l, list *p)
{
	unsigned int number = p->first;

	p->first = l->slots[number].next;
	p->n--;
	return number;
}

/* ---- slots and runs */

/* There is a slot for a delivery number. They may be elsewhere in memory then. */
static int slot_make(loop *l, unsigned int number)
{
	unsigned int n = l->n_slots;
	slot *more;

	if (number < n)
		return 1;
	while (n <= number)
		n += GROW_BY + n / 2;
	more = realloc(l->slots, n * sizeof *more);
	if (!more)
		return 0;
	for (l->slots = more; l->n_slots < n; l->n_slots++)
		l->slots[l->n_slots] = (slot){ .used = 0, .next = NONE };
	return 1;
}

/* There is a run that is not used. They may be elsewhere in memory then. */
static int run_make(loop *l)
{
	unsigned int n = l->n_runs + GROW_BY + l->n_runs / 2;
	run *more;

	if (l->unused != NONE)
		return 1;
	more = realloc(l->runs, n * sizeof *more);
	if (!more)
		return 0;
	for (l->runs = more; l->n_runs < n; l->n_runs++) {
		run *r = l->runs + l->n_runs;

		*r = (run){ .used = 0, .output = -1, .next = l->unused };
		report_reset(&r->text);
		l->unused = l->n_runs;
	}
	return 1;
}

static unsigned int place_of(loop const *l, run const *r)
{
	return (unsigned int)(r - l->runs);
}

static unsigned int *list_of(loop *l, pid_t pid)
{
	return &l->lists[(unsigned int)pid % PID_LISTS];
}

static void run_enlist(loop *l, run *r)
{
	unsigned int *head = list_of(l, r->pid);

	r->next = *head;
	*head = place_of(l, r);
}

/* The run of a process, which is done with it; or null. */
static run *run_unlist(loop *l, pid_t pid)
{
	unsigned int *p = list_of(l, pid);

	while (*p != NONE) {
		run *r = l->runs + *p;

		if (r->pid == pid) {
			*p = r->next;
			r->pid = 0;
			return r;
		}
		p = &r->next;
	}
	return 0;
}

static void run_touch(loop *l, run *r)
{
	if (r->touched)
		return;
	r->touched = 1;
	r->next_touched = NONE;
	if (l->touched == NONE)
		l->touched = place_of(l, r);
	else
		l->runs[l->last_touched].next_touched = place_of(l, r);
	l->last_touched = place_of(l, r);
}

static void output_close(loop *l, run *r)
{
	/* (a process that was forked may hold it open for a moment: closing it would not end the watch) */
	(void)epoll_ctl(l->outputs, EPOLL_CTL_DEL, r->output, 0);
	close(r->output);
	r->output = -1;
	run_touch(l, r);
}

/* ---- reports */

/* No request can be answered any more: let what runs come to its end, start nothing. */
static void give_up(loop *l)
{
	l->broken = 1;
	l->in_open = 0;
}

/* What a qmail-send asked for that is gone is not begun any more: the next one may have had the message delivered and
 * removed meanwhile, and its number may be another message's. */
static int has_reader(loop *l)
{
	if (!io_has_reader(1))
		give_up(l);
	return !l->broken;
}

static void out_write(loop *l)
{
	while (l->outpos < l->out.len) {
		ssize_t w = write(1, l->out.s + l->outpos, l->out.len - l->outpos);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0 && errno == EAGAIN)
			return;
		if (w <= 0) {
			give_up(l);
			break;
		}
		l->outpos += (size_t)w;
	}
	l->out.len = 0;
	l->outpos = 0;
}

static int out_room(loop *l, size_t refusals)
{
	if (l->broken || l->out.len - l->outpos > OUT_HIGH)
		return 0;
	if (l->outpos > l->out.len / 2) {
		l->out.len -= l->outpos;
		memmove(l->out.s, l->out.s + l->outpos, l->out.len);
		l->outpos = 0;
	}
	if (!stralloc_readyplus(&l->out, OUT_ROOM * refusals))
		return l->starved = 1, 0;
	return 1;
}

/* Cannot fail: out_room came before. */
static void refuse(loop *l, unsigned int number, char const *text)
{
	(void)spawn_report_put(&l->out, number, text[0], text + 1, strlen(text + 1));
}

static void slot_free(loop *l, unsigned int number)
{
	slot *s = l->slots + number;

	stralloc_free(&s->mess);
	stralloc_free(&s->sender);
	stralloc_free(&s->recipient);
	*s = (slot){ .used = 0, .next = NONE };
	l->running--;
}

static void refuse_all(loop *l, list *members, char const *text)
{
	while (members->n) {
		unsigned int number = list_take(l, members);

		refuse(l, number, text);
		slot_free(l, number);
	}
}

/* The next member's report, or whatever comes of it. 0: there was no memory. */
static int tell(loop *l, run *r)
{
	unsigned int number = r->members.first;
	slot *s = l->slots + number;
	share_status how = SHARE_TOLD;

	if (l->broken)
		;
	else if (r->n == 1)
		how = l->kind->put(&r->text, r->status, number, &l->out) ? SHARE_TOLD : SHARE_NOMEM;
	else
		how = share_put(r->all.s, r->all.len, r->status, r->told, number, &l->out);
	if (how == SHARE_NOMEM)
		return 0;
	list_take(l, &r->members);
	r->told++;
	if (how == SHARE_TOLD)
		return slot_free(l, number), 1;
	s->alone = how == SHARE_ALONE;
	list_put(l, &l->waiting, number);
	return 1;
}

/* A process that was there did not want them. */
static void give_back(loop *l, run *r)
{
	while (r->members.n) {
		unsigned int number = list_take(l, &r->members);

		l->slots[number].fresh = 1;
		list_put(l, &l->waiting, number);
	}
}

/* 0: there was no memory, and it has to be done again. */
static int run_end(loop *l, run *r)
{
	if (!r->used || r->pid || r->output >= 0)
		return 1;
	if (r->reused && !r->heard && r->status == 0)
		give_back(l, r);
	else if (r->n > 1 && r->told == 0 && share_strained(r->all.s, r->all.len, r->status)) {
		slot const *s = l->slots + r->members.first;

		l->kind->company->strained(s->recipient.s + s->at + 1);
	}
	while (r->members.n)
		if (!tell(l, r)) {
			l->starved = 1;
			return 0;
		}
	report_reset(&r->text);
	stralloc_free(&r->all);
	r->used = 0;
	r->next = l->unused;
	l->unused = place_of(l, r);
	return 1;
}

static void end_touched(loop *l)
{
	unsigned int i = l->touched;

	l->touched = NONE;
	while (i != NONE) {
		run *r = l->runs + i;

		i = r->next_touched;
		r->touched = 0;
		if (!run_end(l, r))
			run_touch(l, r);
	}
}

static void run_feed(run *r, loop_kind const *k, char const *s, size_t n)
{
	size_t room = r->n * REPORT_REMOTE_MAX - r->all.len;

	r->heard = 1;
	if (r->n == 1)
		k->feed(&r->text, s, n);
	else
		/* For lack of memory a report may be lost: then nobody knows how that delivery went. */
		(void)stralloc_catb(&r->all, s, n < room ? n : room);
}

/* ---- deliveries */

static int is_company(slot const *a, slot const *b)
{
	return !b->alone && !strcmp(a->mess.s, b->mess.s) && !strcmp(a->sender.s, b->sender.s)
		&& !strcmp(a->recipient.s + a->at, b->recipient.s + b->at);
}

static int note_latest(loop *l, slot const *s)
{
	l->latest.len = 0;
	return stralloc_catb(&l->latest, s->mess.s, s->mess.len) && stralloc_catb(&l->latest, s->sender.s, s->sender.len)
		&& stralloc_catb(&l->latest, s->recipient.s + s->at, s->recipient.len - s->at);
}

static int is_like_latest(loop const *l, slot const *s)
{
	size_t const head = s->mess.len + s->sender.len;

	return l->latest.len == head + s->recipient.len - s->at && !memcmp(l->latest.s, s->mess.s, s->mess.len)
		&& !memcmp(l->latest.s + s->mess.len, s->sender.s, s->sender.len)
		&& !memcmp(l->latest.s + head, s->recipient.s + s->at, s->recipient.len - s->at);
}

static void after_ms(tain *t, unsigned int ms)
{
	tain_from_millisecs(t, (int)ms);
	tain_add_g(t, t);
}

/* Whether all that wait follow others of the same message to the same host, and more of them may be about to come: of
 * many recipients we are told one by one. The first of them, and whatever else comes, never waits. */
static int is_held(loop *l)
{
	slot const *first = l->slots + l->waiting.first;
	unsigned int i;

	if (!l->kind->company || !l->in_open || !(l->arrived || l->held))
		return 0;
	for (i = l->waiting.first; i != NONE; i = l->slots[i].next)
		if (l->slots[i].alone || l->slots[i].fresh || !is_like_latest(l, l->slots + i))
			return 0;
	if (l->waiting.n >= l->kind->company->most(first->recipient.s + first->at + 1))
		return 0;
	tain_now_g();
	if (!l->held)
		after_ms(&l->patience, WAIT_MS);
	if (l->arrived)
		after_ms(&l->pause, PAUSE_MS);
	return tain_future(&l->pause) && tain_future(&l->patience);
}

/* The first of those that wait, with those that may go with it. */
static list gather(loop *l)
{
	list chosen = LIST_ZERO;
	list others = LIST_ZERO;
	slot const *first = l->slots + l->waiting.first;
	size_t bytes = 0;
	size_t most = 1;

	if (l->kind->company && !first->alone && l->waiting.n > 1)
		most = l->kind->company->most(first->recipient.s + first->at + 1);
	if (most > LOOP_COMPANY)
		most = LOOP_COMPANY;
	while (l->waiting.n) {
		unsigned int number = list_take(l, &l->waiting);
		slot const *s = l->slots + number;
		int fits = s == first || (chosen.n < most && bytes + s->recipient.len <= COMPANY_BYTES && is_company(first, s));

		bytes += fits ? s->recipient.len : 0;
		list_put(l, fits ? &chosen : &others, number);
	}
	l->waiting = others;
	return chosen;
}

/* A pipe for what a program prints, watched as the output of the run in that place. */
static int make_output(loop const *l, int p[2], unsigned int place)
{
	struct epoll_event e = { .events = EPOLLIN, .data = { .u32 = place } };

	if (pipecoe(p) < 0)
		return 0;
	if (ndelay_on(p[0]) == 0 && epoll_ctl(l->outputs, EPOLL_CTL_ADD, p[0], &e) == 0)
		return 1;
	close(p[0]);
	close(p[1]);
	return 0;
}

/* It has started. */
static void run_begin(loop *l, run *r, list const *members, size_t n)
{
	l->unused = r->next;
	r->members = *members;
	r->n = n;
	r->told = 0;
	r->used = 1;
	r->touched = 0;
	run_enlist(l, r);
}

static void start(loop *l, list *members)
{
	char *recipients[LOOP_COMPANY + 1];
	slot const *s = l->slots + members->first;
	loop_job job = { .sender = s->sender.s, .recipient = s->recipient.s, .at = s->at, .recipients = recipients };
	char const *refusal;
	unsigned int i;
	int p[2];
	run *r;

	if (!run_make(l))
		return refuse_all(l, members, "Zqmail-spawn out of memory. (#4.3.0)\n");
	r = l->runs + l->unused;
	r->reused = 0;
	r->heard = 0;
	job.reused = &r->reused;
	for (i = members->first; i != NONE; i = l->slots[i].next) {
		recipients[job.n++] = l->slots[i].recipient.s;
		job.fresh |= l->slots[i].fresh;
	}
	recipients[job.n] = 0;
	job.message = request_open(s->mess.s, l->owner, &refusal);
	if (job.message < 0)
		return refuse_all(l, members, refusal);
	if (!make_output(l, p, place_of(l, r))) {
		close(job.message);
		return refuse_all(l, members, "Zqmail-spawn unable to create pipe. (#4.3.0)\n");
	}
	job.output = p[1];
	r->pid = l->kind->start(&job, &refusal);
	close(job.message);
	close(p[1]);
	if (!r->pid) {
		(void)epoll_ctl(l->outputs, EPOLL_CTL_DEL, p[0], 0);
		close(p[0]);
		return refuse_all(l, members, refusal);
	}
	r->output = p[0];
	if (!note_latest(l, s))
		l->latest.len = 0;
	run_begin(l, r, members, job.n);
}

static void start_waiting(loop *l)
{
	l->held = l->waiting.n && is_held(l);
	l->arrived = 0;
	if (l->held)
		return;
	while (l->waiting.n && has_reader(l) && out_room(l, l->waiting.n)) {
		list members = gather(l);

		start(l, &members);
	}
	/* No report can be given any more. */
	while (l->broken && l->waiting.n)
		slot_free(l, list_take(l, &l->waiting));
}

static void swap(stralloc *a, stralloc *b)
{
	stralloc c = *a;

	*a = *b;
	*b = c;
}

static int is_too_big(loop const *l, unsigned int number)
{
	return number == SPAWN_WIDE || number > spawn_highest(l->most);
}

/* Null: nothing. */
static char const *what_is_wrong(loop *l, spawn_request *r, spawn_request_status st, size_t *at)
{
	static char const no_memory[] = "Zqmail-spawn out of memory. (#4.3.0)\n";

	if (st == SPAWN_REQUEST_NOMEM)
		return no_memory;
	if (is_too_big(l, r->number))
		return "ZInternal error: delnum too big. (#4.3.5)\n";
	if (!slot_make(l, r->number))
		return no_memory;
	if (l->slots[r->number].used)
		return "ZInternal error: delnum in use. (#4.3.5)\n";
	return request_refusal(r, at);
}

static void request(loop *l, spawn_request *r, spawn_request_status st)
{
	size_t at = 0;
	char const *refusal = what_is_wrong(l, r, st, &at);
	slot *s;

	if (refusal)
		return refuse(l, r->number, refusal);
	s = l->slots + r->number;
	swap(&s->mess, &r->mess);
	swap(&s->sender, &r->sender);
	swap(&s->recipient, &r->recipient);
	s->at = at;
	s->used = 1;
	l->running++;
	l->arrived = 1;
	list_put(l, &l->waiting, r->number);
}

/* At most as many as a limit, others counted, leaves. */
static void fit(unsigned int *n, char const **why, rlim_t limit, unsigned int others, char const *what)
{
	rlim_t const left = limit > others ? limit - others : 0;

	if (left >= *n)
		return;
	*n = (unsigned int)left;
	*why = what;
}

/* More deliveries than our greeting said. */
static void offer(loop *l, unsigned int wanted)
{
	unsigned int n = wanted < SPAWN_MOST ? wanted : SPAWN_MOST - 1;
	char const *why = 0;

	fit(&n, &why, raise_limit(RLIMIT_NOFILE, n + OTHER_FDS), OTHER_FDS, "descriptors");
	if (geteuid() != 0)
		fit(&n, &why, raise_limit(RLIMIT_NPROC, n + OTHER_PROCESSES), OTHER_PROCESSES, "processes");
	if (n > l->most)
		l->most = n;
	/* (cannot fail: out_room came before) */
	(void)spawn_offer_put(&l->out, l->most, why);
}

static void requests(loop *l)
{
	while (l->inpos < l->inlen && out_room(l, 1)) {
		spawn_request_status st = spawn_request_feed(&l->request, l->in, l->inlen, &l->inpos);

		if (st == SPAWN_REQUEST_ASK)
			offer(l, l->request.number);
		else if (st != SPAWN_REQUEST_MORE)
			request(l, &l->request, st);
	}
}

static void in_read(loop *l)
{
	ssize_t r = read(0, l->in, sizeof l->in);

	if (r < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	l->inpos = 0;
	l->inlen = r > 0 ? (size_t)r : 0;
	if (r <= 0)
		l->in_open = 0;
}

static int stays(loop const *l, pid_t pid)
{
	return l->kind->company && l->kind->company->stays && l->kind->company->stays(pid);
}

static void output_read(loop *l, run *r)
{
	char buf[4096];
	ssize_t n = read(r->output, buf, sizeof buf);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0) {
		run_feed(r, l->kind, buf, (size_t)n);
		return;
	}
	output_close(l, r);
	if (r->pid && stays(l, r->pid)) {
		run_unlist(l, r->pid);
		r->status = 0;
	}
}

/* What it did after it was done with its delivery concerns nobody. */
static void ended(loop *l, pid_t pid, int status)
{
	run *r;

	if (stays(l, pid))
		status = 0;
	r = run_unlist(l, pid);
	if (r) {
		r->status = status;
		io_deadline(&r->until, l->kind->linger);
		run_touch(l, r);
		l->lingering = 1;
	}
	if (l->kind->company && l->kind->company->gone)
		l->kind->company->gone(pid);
}

static void reap(loop *l)
{
	int status;
	pid_t pid;

	while (selfpipe_read() > 0)
		;
	while ((pid = wait_nohang(&status)) > 0)
		ended(l, pid, status);
}

/* The program has ended, but something that it started holds its output open. */
static int lingers(run const *r)
{
	return r->used && !r->pid && r->output >= 0;
}

/* No delivery number is taken for ever, whatever users' programs leave running. */
static void stop_listening(loop *l)
{
	unsigned int i;

	/* Most have closed it before they end: all are looked at only where that is not so. */
	if (!l->lingering)
		return;
	l->lingering = 0;
	tain_now_g();
	for (i = 0; i < l->n_runs; i++) {
		if (!lingers(l->runs + i))
			continue;
		if (tain_future(&l->runs[i].until))
			l->lingering = 1;
		else
			output_close(l, l->runs + i);
	}
}

/* ---- the loop */

enum { FD_SIGNALS, FD_IN, FD_OUT, FD_OUTPUTS, FDS };

/* iopause passes over negative descriptors: each has its place whether it is of interest or not. */
static void selprep(loop const *l, iopause_fd *fds)
{
	fds[FD_SIGNALS] = (iopause_fd){ .fd = l->signals, .events = POLLIN };
	fds[FD_IN] = (iopause_fd){ .fd = l->in_open && l->inpos == l->inlen ? 0 : -1, .events = POLLIN };
	fds[FD_OUT] = (iopause_fd){ .fd = l->outpos < l->out.len ? 1 : -1, .events = POLLOUT };
	fds[FD_OUTPUTS] = (iopause_fd){ .fd = l->outputs, .events = POLLIN };
}

/* Sleep until a descriptor wants us or a deadline is near. */
static int sleep_on(loop const *l, iopause_fd *fds)
{
	tain first = tain_infinite;
	unsigned int i;

	tain_now_g();
	if (l->starved)
		io_deadline(&first, RETRY_SECONDS);
	if (l->held)
		first = *io_sooner(&first, io_sooner(&l->pause, &l->patience));
	for (i = 0; l->lingering && i < l->n_runs; i++)
		if (lingers(l->runs + i))
			first = *io_sooner(&first, &l->runs[i].until);
	return iopause_g(fds, FDS, &first);
}

static void outputs_read(loop *l)
{
	struct epoll_event e[EVENTS];
	int n = epoll_wait(l->outputs, e, EVENTS, 0);
	int i;

	for (i = 0; i < n; i++)
		output_read(l, l->runs + e[i].data.u32);
}

static void events(loop *l, iopause_fd const *fds)
{
	if (fds[FD_SIGNALS].revents)
		reap(l);
	if (fds[FD_OUTPUTS].revents)
		outputs_read(l);
	if (fds[FD_IN].revents)
		in_read(l);
}

static void serve(loop *l)
{
	iopause_fd fds[FDS];

	while (l->in_open || l->inpos < l->inlen || l->running || l->outpos < l->out.len) {
		selprep(l, fds);
		if (sleep_on(l, fds) < 0) {
			/* ENOMEM, or EINTR: nothing is known about any descriptor. */
			if (errno != EINTR)
				(void)poll(0, 0, RETRY_SECONDS * 1000);
			continue;
		}
		l->starved = 0;
		events(l, fds);
		stop_listening(l);
		end_touched(l);
		requests(l);
		start_waiting(l);
		out_write(l);
		if (l->broken)
			l->inpos = l->inlen;
	}
}

int loop_run(loop_kind const *k, uid_t owner)
{
	static loop l = { .in_open = 1, .waiting = LIST_ZERO, .unused = NONE, .touched = NONE, .latest = STRALLOC_ZERO,
		.request = SPAWN_REQUEST_ZERO, .out = STRALLOC_ZERO };
	char greeting = (char)(unsigned char)conf_spawn;
	unsigned int i;

	l.kind = k;
	l.owner = owner;
	l.most = conf_spawn;
	for (i = 0; i < PID_LISTS; i++)
		l.lists[i] = NONE;
	l.outputs = epoll_create1(EPOLL_CLOEXEC);
	/* Whoever started us may have had SIGCHLD ignored: then no status would ever reach us. */
	sig_restore(SIGCHLD);
	sig_ignore(SIGPIPE);
	l.signals = selfpipe_init();
	if (!io_start() || l.signals < 0 || l.outputs < 0 || !selfpipe_trap(SIGCHLD) || ndelay_on(1) < 0 || !stralloc_catb(&l.out, &greeting, 1))
		return 111;
	out_write(&l);
	serve(&l);
	return l.broken ? 111 : 0;
}
