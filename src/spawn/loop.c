/* SPDX-License-Identifier: ISC */

#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/iopause.h>
#include <skalibs/selfpipe.h>
#include <skalibs/sig.h>

#include "base/conf.h"
#include "base/io.h"
#include "proto/spawn.h"
#include "request.h"

enum
{
	SLOTS = 255,
	OUT_ROOM = 256,         /* what a refusal takes at most: set aside before a request is looked at */
	OUT_HIGH = 32 << 20,    /* reports waiting for a reader; only one that never reads gets here */
	RETRY_SECONDS = 1,      /* how soon to look for memory again */
};

/* A delivery number. Its report is due when pid is 0 and output is -1. */
typedef struct slot
{
	int used;
	pid_t pid;              /* 0 once it was waited for */
	int output;             /* -1 after end of file */
	int status;
	tain until;             /* once it was waited for: when we stop listening to its output */
	report text;
} slot;

typedef struct loop
{
	loop_kind const *kind;
	uid_t owner;
	slot slots[SLOTS];
	unsigned int running;
	int signals;
	spawn_request request;
	char in[4096];
	size_t inpos;
	size_t inlen;
	int in_open;
	stralloc out;
	size_t outpos;
	int broken;             /* nobody reads our reports */
	int starved;            /* something waits for memory */
} loop;

/* ---- reports */

static void out_write(loop *l)
{
	while (l->outpos < l->out.len) {
		ssize_t w = write(1, l->out.s + l->outpos, l->out.len - l->outpos);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0 && errno == EAGAIN)
			return;
		if (w <= 0) {
			/* No request can be answered any more: let what runs come to its end, start nothing. */
			l->broken = 1;
			l->in_open = 0;
			break;
		}
		l->outpos += (size_t)w;
	}
	l->out.len = 0;
	l->outpos = 0;
}

static int out_room(loop *l)
{
	if (l->broken || l->out.len - l->outpos > OUT_HIGH)
		return 0;
	if (l->outpos > l->out.len / 2) {
		l->out.len -= l->outpos;
		memmove(l->out.s, l->out.s + l->outpos, l->out.len);
		l->outpos = 0;
	}
	if (!stralloc_readyplus(&l->out, OUT_ROOM))
		return l->starved = 1, 0;
	return 1;
}

/* Cannot fail: out_room came before. */
static void refuse(loop *l, unsigned int number, char const *text)
{
	(void)spawn_report_put(&l->out, number, text[0], text + 1, strlen(text + 1));
}

static void slot_report(loop *l, unsigned int number)
{
	slot *s = l->slots + number;

	if (!s->used || s->pid || s->output >= 0)
		return;
	if (!l->broken && !l->kind->put(&s->text, s->status, number, &l->out)) {
		l->starved = 1;
		return;
	}
	report_reset(&s->text);
	s->used = 0;
	l->running--;
}

/* ---- deliveries */

static void start(loop *l, slot *s, spawn_request const *r)
{
	loop_job job = { .sender = r->sender.s, .recipient = r->recipient.s };
	char const *refusal = request_refusal(r, &job.at);
	int p[2];

	if (refusal)
		return refuse(l, r->number, refusal);
	job.message = request_open(r->mess.s, l->owner, &refusal);
	if (job.message < 0)
		return refuse(l, r->number, refusal);
	if (pipecoe(p) < 0 || ndelay_on(p[0]) < 0) {
		close(job.message);
		return refuse(l, r->number, "Zqmail-spawn unable to create pipe. (#4.3.0)\n");
	}
	job.output = p[1];
	s->pid = l->kind->start(&job, &refusal);
	close(job.message);
	close(p[1]);
	if (!s->pid) {
		close(p[0]);
		return refuse(l, r->number, refusal);
	}
	s->output = p[0];
	s->used = 1;
	l->running++;
}

static void request(loop *l, spawn_request const *r, spawn_request_status st)
{
	if (st == SPAWN_REQUEST_NOMEM)
		refuse(l, r->number, "Zqmail-spawn out of memory. (#4.3.0)\n");
	else if (r->number >= conf_spawn)
		refuse(l, r->number, "ZInternal error: delnum too big. (#4.3.5)\n");
	else if (l->slots[r->number].used)
		refuse(l, r->number, "ZInternal error: delnum in use. (#4.3.5)\n");
	else
		start(l, l->slots + r->number, r);
}

static void requests(loop *l)
{
	while (l->inpos < l->inlen && out_room(l)) {
		spawn_request_status st = spawn_request_feed(&l->request, l->in, l->inlen, &l->inpos);

		if (st != SPAWN_REQUEST_MORE)
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

static void output_read(loop *l, slot *s)
{
	char buf[4096];
	ssize_t r = read(s->output, buf, sizeof buf);

	if (r < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (r > 0) {
		l->kind->feed(&s->text, buf, (size_t)r);
		return;
	}
	close(s->output);
	s->output = -1;
}

static void reap(loop *l)
{
	int status;
	pid_t pid;
	unsigned int i;

	while (selfpipe_read() > 0)
		;
	while ((pid = wait_nohang(&status)) > 0)
		for (i = 0; i < conf_spawn; i++)
			if (l->slots[i].used && l->slots[i].pid == pid) {
				l->slots[i].pid = 0;
				l->slots[i].status = status;
				io_deadline(&l->slots[i].until, l->kind->linger);
			}
}

/* The program has ended, but something that it started holds its output open. */
static int lingers(slot const *s)
{
	return s->used && !s->pid && s->output >= 0;
}

/* No delivery number is taken for ever, whatever users' programs leave running. */
static void stop_listening(loop *l)
{
	unsigned int i;

	tain_now_g();
	for (i = 0; i < conf_spawn; i++)
		if (lingers(l->slots + i) && !tain_future(&l->slots[i].until)) {
			close(l->slots[i].output);
			l->slots[i].output = -1;
		}
}

/* ---- the loop */

enum { FD_SIGNALS, FD_IN, FD_OUT, FD_SLOTS };

/* iopause passes over negative descriptors: each has its place whether it is of interest or not. */
static void selprep(loop *l, iopause_fd *fds)
{
	unsigned int i;

	fds[FD_SIGNALS] = (iopause_fd){ .fd = l->signals, .events = POLLIN };
	fds[FD_IN] = (iopause_fd){ .fd = l->in_open && l->inpos == l->inlen ? 0 : -1, .events = POLLIN };
	fds[FD_OUT] = (iopause_fd){ .fd = l->outpos < l->out.len ? 1 : -1, .events = POLLOUT };
	for (i = 0; i < conf_spawn; i++)
		fds[FD_SLOTS + i] = (iopause_fd){ .fd = l->slots[i].used ? l->slots[i].output : -1, .events = POLLIN };
}

/* Sleep until a descriptor wants us or a deadline is near. */
static int sleep_on(loop const *l, iopause_fd *fds)
{
	tain first = tain_infinite;
	unsigned int i;

	tain_now_g();
	if (l->starved)
		io_deadline(&first, RETRY_SECONDS);
	for (i = 0; i < conf_spawn; i++)
		if (lingers(l->slots + i))
			first = *io_sooner(&first, &l->slots[i].until);
	return iopause_g(fds, FD_SLOTS + conf_spawn, &first);
}

static void events(loop *l, iopause_fd const *fds)
{
	unsigned int i;

	if (fds[FD_SIGNALS].revents)
		reap(l);
	for (i = 0; i < conf_spawn; i++)
		if (fds[FD_SLOTS + i].revents)
			output_read(l, l->slots + i);
	if (fds[FD_IN].revents)
		in_read(l);
}

static void serve(loop *l)
{
	iopause_fd fds[FD_SLOTS + SLOTS];
	unsigned int i;

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
		for (i = 0; i < conf_spawn; i++)
			slot_report(l, i);
		requests(l);
		out_write(l);
		if (l->broken)
			l->inpos = l->inlen;
	}
}

int loop_run(loop_kind const *k, uid_t owner)
{
	static loop l = { .in_open = 1, .request = SPAWN_REQUEST_ZERO, .out = STRALLOC_ZERO };
	char greeting = (char)(unsigned char)conf_spawn;
	unsigned int i;

	l.kind = k;
	l.owner = owner;
	for (i = 0; i < SLOTS; i++) {
		l.slots[i].output = -1;
		report_reset(&l.slots[i].text);
	}
	/* Whoever started us may have had SIGCHLD ignored: then no status would ever reach us. */
	sig_restore(SIGCHLD);
	sig_ignore(SIGPIPE);
	l.signals = selfpipe_init();
	if (!io_start() || l.signals < 0 || !selfpipe_trap(SIGCHLD) || ndelay_on(1) < 0 || !stralloc_catb(&l.out, &greeting, 1))
		return 111;
	out_write(&l);
	serve(&l);
	return l.broken ? 111 : 0;
}
