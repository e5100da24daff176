/* SPDX-License-Identifier: ISC */

#include "send/turn.h"

#include <errno.h>

#include "send/wall.h"

/* The longest sleep: something is done at least once a day. */
enum { SLEEP_MAX = 86400 };

static int stopping;

void turn_start(turn *t)
{
	t->now = wall_now(&t->jump);
	t->wake = t->now + SLEEP_MAX;
	t->n = 0;
}

void turn_watch(turn *t, int fd, short events)
{
	if (fd >= 0 && t->n < TURN_FDS)
		t->fds[t->n++] = (struct pollfd){ .fd = fd, .events = events, .revents = 0 };
}

void turn_wake(turn *t, int64_t when)
{
	if (when < t->wake)
		t->wake = when;
}

void turn_now(turn *t)
{
	t->wake = 0;
}

/* A second more than the difference, since times are whole seconds: never wake a little too early. */
static int timeout_ms(turn const *t)
{
	if (t->wake <= t->now)
		return 0;
	return (int)(t->wake - t->now + 1) * 1000;
}

int turn_wait(turn *t)
{
	int ok = 1;
	unsigned int i;

	if (poll(t->fds, t->n, timeout_ms(t)) < 0) {
		ok = errno == EINTR;
		for (i = 0; i < t->n; i++)
			t->fds[i].revents = 0;
	}
	t->now = wall_now(&t->jump);
	return ok;
}

int turn_ready(turn const *t, int fd)
{
	unsigned int i;

	for (i = 0; i < t->n; i++)
		if (t->fds[i].fd == fd && t->fds[i].revents)
			return 1;
	return 0;
}

void turn_stop(void)
{
	stopping = 1;
}

int turn_stopping(void)
{
	return stopping;
}
