/* SPDX-License-Identifier: ISC */

#include "send/cleaner.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "send/log.h"

enum { REQUESTS_MAX = 256 };

typedef struct request
{
	clean_verb verb;
	uint64_t id;
	cleaner_answered *answered;
} request;

static int requests_fd = -1;
static int replies_fd = -1;
static int alive;

static request waiting[REQUESTS_MAX];   /* a ring: n from first on */
static unsigned int first;
static unsigned int n_waiting;

static char out[REQUESTS_MAX * CLEAN_FMT];
static size_t out_n;
static char in[REQUESTS_MAX];
static size_t in_n;

int cleaner_init(int fd_requests, int fd_replies)
{
	requests_fd = fd_requests;
	replies_fd = fd_replies;
	alive = 1;
	return ndelay_on(requests_fd) == 0;
}

unsigned int cleaner_room(void)
{
	return alive ? REQUESTS_MAX - n_waiting : 0;
}

int cleaner_has(uint64_t id)
{
	unsigned int i;

	for (i = 0; i < n_waiting; i++)
		if (waiting[(first + i) % REQUESTS_MAX].id == id)
			return 1;
	return 0;
}

int cleaner_idle(void)
{
	return n_waiting == 0;
}

int cleaner_alive(void)
{
	return alive;
}

void cleaner_ask(clean_verb verb, uint64_t id, cleaner_answered *answered)
{
	if (!cleaner_room())
		return;
	waiting[(first + n_waiting++) % REQUESTS_MAX] = (request){ .verb = verb, .id = id, .answered = answered };
	/* Each request in out is still waiting for its reply: it fits. */
	out_n += clean_fmt(out + out_n, verb, id);
}

static request take(void)
{
	request r = waiting[first];

	first = (first + 1) % REQUESTS_MAX;
	n_waiting--;
	return r;
}

static void warn(request const *r)
{
	log_text("warning: qmail-clean unable to clean up ");
	log_text(r->verb == CLEAN_TODO ? "todo/" : "foop/");
	log_number(r->id);
	log_end();
}

static void settle(int reply, int64_t now)
{
	request r = take();

	if (r.answered)
		r.answered(r.id, reply, now);
	if (reply != CLEAN_DONE && reply != CLEANER_LOST)
		warn(&r);
}

static void lose(int64_t now)
{
	alive = 0;
	if (n_waiting)
		settle(CLEANER_LOST, now);
	n_waiting = 0;
	in_n = 0;
	out_n = 0;
	log_line("alert: oh no! lost qmail-clean connection! dying...", 0, 0);
	turn_stop();
}

void cleaner_selprep(turn *t)
{
	if (!alive)
		return;
	if (out_n)
		turn_watch(t, requests_fd, POLLOUT);
	/* An idle qmail-clean that goes away is noticed with the next request, as ever. */
	if (n_waiting)
		turn_watch(t, replies_fd, POLLIN);
}

static int is_again(void)
{
	return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK;
}

/* Both return 0 when the other side is gone. */
static int write_requests(void)
{
	ssize_t r = write(requests_fd, out, out_n);

	if (r < 0)
		return is_again();
	out_n -= (size_t)r;
	memmove(out, out + r, out_n);
	return 1;
}

static int read_replies(void)
{
	ssize_t r = read(replies_fd, in + in_n, sizeof in - in_n);

	if (r < 0)
		return is_again();
	in_n += (size_t)r;
	return r > 0;
}

static void settle_all(int64_t now)
{
	size_t used = 0;

	while (used < in_n && n_waiting)
		settle((unsigned char)in[used++], now);
	if (!n_waiting && used < in_n) {
		log_line("warning: internal error: qmail-clean reply to no request", 0, 0);
		used = in_n;
	}
	in_n -= used;
	memmove(in, in + used, in_n);
}

void cleaner_do(turn const *t)
{
	if (!alive)
		return;
	if (in_n < sizeof in && turn_ready(t, replies_fd) && !read_replies()) {
		/* The replies that came before the end still count. */
		if (!in_n)
			lose(t->now);
	}
	settle_all(t->now);
}

/* Right away: as a rule there is room. */
void cleaner_write(turn const *t)
{
	if (alive && out_n && !write_requests())
		lose(t->now);
}
