/* SPDX-License-Identifier: ISC */

#include "conn.h"

#include <errno.h>
#include <string.h>

#include "base/io.h"

/* Long enough for a last word to a client that has run out of time. */
enum { FAREWELL_SECONDS = 10 };

void conn_open(conn *c, int in, int out, unsigned int timeout)
{
	c->in = in;
	c->out = out;
	c->timeout = timeout;
	c->until = tain_infinite;
	c->broken = 0;
	c->pos = c->len = c->outlen = 0;
}

void conn_within(conn *c, unsigned int seconds)
{
	io_deadline(&c->until, seconds);
}

static tain const *patience(conn *c, tain *idle)
{
	io_deadline(idle, c->timeout);
	return io_sooner(idle, &c->until);
}

static void send_waiting(conn *c, tain const *deadline)
{
	if (!c->broken && !io_write(c->out, c->outbuf, c->outlen, deadline))
		c->broken = 1;
	c->outlen = 0;
}

int conn_flush(conn *c)
{
	tain idle;

	if (c->outlen > 0)
		send_waiting(c, patience(c, &idle));
	return !c->broken;
}

void conn_put(conn *c, char const *s, size_t n)
{
	while (n > 0) {
		size_t room = sizeof c->outbuf - c->outlen;
		size_t len = n < room ? n : room;

		memcpy(c->outbuf + c->outlen, s, len);
		c->outlen += len;
		s += len;
		n -= len;
		if (c->outlen == sizeof c->outbuf)
			conn_flush(c);
	}
}

void conn_puts(conn *c, char const *s)
{
	conn_put(c, s, strlen(s));
}

int conn_fill(conn *c)
{
	tain idle;
	ssize_t r;

	if (c->pos < c->len)
		return 1;
	if (!conn_flush(c))
		return 0;
	c->pos = c->len = 0;
	r = io_read(c->in, c->inbuf, sizeof c->inbuf, patience(c, &idle));
	if (r > 0) {
		c->len = (size_t)r;
		return 1;
	}
	if (r < 0 && errno == ETIMEDOUT) {
		conn_puts(c, "451 timeout (#4.4.2)\r\n");
		io_deadline(&idle, FAREWELL_SECONDS);
		send_waiting(c, &idle);
	}
	c->broken = 1;
	return 0;
}
