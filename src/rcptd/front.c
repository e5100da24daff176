/* SPDX-License-Identifier: ISC */

#include "front.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <skalibs/djbunix.h>
#include <skalibs/strerr.h>

#include "base/text.h"
#include "cache.h"
#include "clock.h"
#include "looker.h"
#include "proto/rcptd.h"
#include "view.h"

enum { EXIT_TEMP = 111, LOOKS = LOOKER_CHILDREN, LOCAL_MAX = RCPTD_LOCAL_MAX, CLOSED_MILLISECONDS = 500 };

typedef enum
{
	CLIENT_IDLE,
	CLIENT_QUEUED,          /* its question is local, and not yet under way */
	CLIENT_ASKED,           /* look number look is for it */
} client_state;

typedef struct client
{
	int fd;                 /* -1: none */
	client_state state;
	int64_t since;          /* when it was heard last */
	uint64_t order;         /* of its question among all */
	size_t look;
	stralloc local;         /* what it asked for */
} client;

/* A question at the root part. Its number tells it from an older one in the same place. */
typedef struct look
{
	int used;
	uint32_t number;
	stralloc local;
} look;

static client clients[FRONT_CONNECTIONS];
static look looks[LOOKS];
static cache known;
static view control;
static uint64_t questions;
static uint32_t numbers;
static int64_t closed_until;           /* there were no descriptors or no memory for another client; 0: all is well */

/* ---- control files */

/* When they change, no answer of before counts. What could not be read is tried again all the time, and told of once. */
static void refresh(int64_t now)
{
	char const *before = control.now.unread;
	char const *unread;

	if (!view_refresh(&control, now))
		return;
	cache_forget(&known);
	unread = control.now.unread;
	if (unread && unread != before)
		strerr_warnw("unable to read ", unread, ": ", strerror(control.now.error),
			": every recipient is taken until it can be read");
}

/* ---- clients */

static void drop(client *c)
{
	fd_close(c->fd);
	stralloc_free(&c->local);
	*c = (client){ .fd = -1, .local = STRALLOC_ZERO };
}

static void answer(client *c, rcptd_answer a)
{
	char byte = (char)a;

	c->state = CLIENT_IDLE;
	if (send(c->fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1)
		drop(c);
}

/* A place for a new one. */
static client *make_room(void)
{
	client *oldest = 0;
	size_t i;

	for (i = 0; i < FRONT_CONNECTIONS; i++) {
		client *c = clients + i;

		if (c->fd < 0)
			return c;
		if (c->state == CLIENT_IDLE && (!oldest || c->since < oldest->since))
			oldest = c;
	}
	if (oldest)
		drop(oldest);
	return oldest;
}

static int is_welcome(int fd, uid_t const *users, size_t n)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	size_t i;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return 0;
	for (i = 0; i < n; i++)
		if (users[i] == peer.uid)
			return 1;
	return 0;
}

static void greet(int listener, uid_t const *users, size_t n, int64_t now)
{
	int fd = accept4(listener, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
	client *c;

	if (fd < 0) {
		/* It stays in the queue of the listener, which must not keep us busy. */
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			closed_until = now + CLOSED_MILLISECONDS;
		return;
	}
	c = is_welcome(fd, users, n) ? make_room() : 0;
	if (c)
		*c = (client){ .fd = fd, .since = now, .local = STRALLOC_ZERO };
	else
		fd_close(fd);
}

/* ---- questions */

/* 1 and *a where the tables or the answers of before tell; 0: the root part is to be asked for c->local. */
static int decide(client *c, char const *address, size_t n, int64_t now, rcptd_answer *a)
{
	size_t at;

	refresh(now);
	*a = RCPTD_DOUBT;
	switch (view_rewrite(&control, &c->local, address, n, now)) {
	case VIEW_DOUBT:
		return 1;
	case VIEW_REMOTE:
		return *a = RCPTD_YES, 1;
	case VIEW_LOCAL:
		break;
	}
	at = text_rchr(c->local.s, c->local.len, '@');
	/* Mail for an empty local part is thrown away by qmail-lspawn, not bounced. */
	if (at == 0)
		return *a = RCPTD_YES, 1;
	c->local.len = at;
	return cache_find(&known, c->local.s, at, now, a) || at > LOCAL_MAX;
}

static void hear(client *c, int64_t now)
{
	char packet[RCPTD_QUESTION_MAX];
	char const *address;
	size_t n;
	rcptd_answer a;
	ssize_t r = recv(c->fd, packet, sizeof packet, MSG_DONTWAIT | MSG_TRUNC);

	if (r < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* Nonsense, and a question before the last one is answered. */
	if (r <= 0 || (size_t)r > sizeof packet || c->state != CLIENT_IDLE
	 || !rcptd_question_read(packet, (size_t)r, &address, &n)) {
		drop(c);
		return;
	}
	c->since = now;
	if (decide(c, address, n, now, &a)) {
		answer(c, a);
		return;
	}
	c->state = CLIENT_QUEUED;
	c->order = ++questions;
}

/* ---- the root part */

static int is_same(stralloc const *a, stralloc const *b)
{
	return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
}

/* A look for the address: one under way or a new one. LOOKS: there is none to be had. */
static size_t look_for(int socket, client const *c)
{
	char packet[RCPTD_LOOK_MAX];
	size_t place = LOOKS;
	size_t i;
	size_t n;

	for (i = 0; i < LOOKS; i++) {
		if (looks[i].used && is_same(&looks[i].local, &c->local))
			return i;
		if (!looks[i].used)
			place = i;
	}
	if (place == LOOKS || !stralloc_copy(&looks[place].local, &c->local))
		return LOOKS;
	n = rcptd_look(packet, ++numbers, c->local.s, c->local.len);
	if (!n || send(socket, packet, n, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)n)
		return LOOKS;
	looks[place].used = 1;
	looks[place].number = numbers;
	return place;
}

/* First come, first served. */
static client *first_queued(void)
{
	client *first = 0;
	size_t i;

	for (i = 0; i < FRONT_CONNECTIONS; i++)
		if (clients[i].fd >= 0 && clients[i].state == CLIENT_QUEUED && (!first || clients[i].order < first->order))
			first = clients + i;
	return first;
}

static void ask(int socket)
{
	client *c;

	while ((c = first_queued())) {
		size_t i = look_for(socket, c);

		if (i == LOOKS)
			return;
		c->look = i;
		c->state = CLIENT_ASKED;
	}
}

static void found(look *l, rcptd_answer a, int64_t now)
{
	size_t i;

	cache_put(&known, l->local.s, l->local.len, now, a);
	for (i = 0; i < FRONT_CONNECTIONS; i++)
		if (clients[i].fd >= 0 && clients[i].state == CLIENT_ASKED && clients[i].look == (size_t)(l - looks))
			answer(clients + i, a);
	l->used = 0;
}

/* 0 when the other side is gone. */
static int take_answer(int socket, int64_t now)
{
	char packet[RCPTD_FOUND];
	uint32_t number;
	rcptd_answer a;
	size_t i;
	ssize_t r = recv(socket, packet, sizeof packet, MSG_DONTWAIT | MSG_TRUNC);

	if (r < 0)
		return errno == EAGAIN || errno == EINTR;
	if (r == 0 || !rcptd_found_read(packet, (size_t)r, &number, &a))
		return 0;
	for (i = 0; i < LOOKS; i++)
		if (looks[i].used && looks[i].number == number)
			found(looks + i, a, now);
	return 1;
}

/* ---- the loop */

static void give_up_waiting(int64_t now)
{
	size_t i;

	for (i = 0; i < FRONT_CONNECTIONS; i++)
		if (clients[i].fd >= 0 && clients[i].state != CLIENT_IDLE && now - clients[i].since >= FRONT_MILLISECONDS)
			answer(clients + i, RCPTD_DOUBT);
}

static int64_t next_deadline(void)
{
	int64_t deadline = closed_until;
	size_t i;

	for (i = 0; i < FRONT_CONNECTIONS; i++)
		if (clients[i].fd >= 0 && clients[i].state != CLIENT_IDLE)
			deadline = clock_sooner(deadline, clients[i].since + FRONT_MILLISECONDS);
	return deadline;
}

/* Descriptors that poll is to look at, and whose they are. */
typedef struct watch
{
	struct pollfd fds[2 + FRONT_CONNECTIONS];
	client *of[2 + FRONT_CONNECTIONS];
	nfds_t n;
} watch;

static void add(watch *w, int fd, client *c)
{
	w->fds[w->n] = (struct pollfd){ .fd = fd, .events = POLLIN };
	w->of[w->n++] = c;
}

static void start(void)
{
	size_t i;

	for (i = 0; i < FRONT_CONNECTIONS; i++)
		clients[i].fd = -1;
	if (getrandom(&known.seed, sizeof known.seed, GRND_NONBLOCK) != sizeof known.seed)
		known.seed = (uint64_t)clock_now();
	refresh(clock_now());
}

int front_run(int listener, int socket, uid_t const *users, size_t n)
{
	static watch w;
	nfds_t i;

	start();
	for (;;) {
		int64_t now;

		w.n = 0;
		add(&w, socket, 0);
		add(&w, closed_until ? -1 : listener, 0);
		for (i = 0; i < FRONT_CONNECTIONS; i++)
			if (clients[i].fd >= 0)
				add(&w, clients[i].fd, clients + i);
		if (poll(w.fds, w.n, clock_left(next_deadline(), clock_now())) < 0 && errno != EINTR)
			return EXIT_TEMP;
		now = clock_now();
		if (closed_until <= now)
			closed_until = 0;
		if (w.fds[0].revents && !take_answer(socket, now))
			return EXIT_TEMP;
		for (i = 2; i < w.n; i++)
			if (w.fds[i].revents && w.of[i]->fd == w.fds[i].fd)
				hear(w.of[i], now);
		give_up_waiting(now);
		ask(socket);
		if (w.fds[1].revents)
			greet(listener, users, n, now);
	}
}
