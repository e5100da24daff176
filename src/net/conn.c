/* SPDX-License-Identifier: ISC */

#include "net/conn.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/io.h"

/* Long enough for a last word to a client that has run out of time. */
enum { FAREWELL_SECONDS = 10 };

void conn_open(conn *c, int in, int out, unsigned int timeout)
{
	c->in = in;
	c->out = out;
	c->timeout = timeout;
	c->until = tain_infinite;
	c->farewell = 0;
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

smtpcmd_status conn_command(conn *c, smtpcmd *cmd, int (*fill)(conn *))
{
	smtpcmd_status status;
	size_t used;

	if (!fill(c))
		return SMTPCMD_GONE;
	status = smtpcmd_feed(cmd, c->inbuf + c->pos, c->len - c->pos, &used);
	c->pos += used;
	return status;
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

/* Other than a socket a file or pipe does not let us look ahead: there we go byte by byte. */
static ssize_t read_line(int fd, char *buf, size_t n, tain const *deadline)
{
	for (;;) {
		ssize_t r;
		char const *lf;

		if (io_wait(fd, POLLIN, deadline) < 0)
			return -1;
		r = recv(fd, buf, n, MSG_PEEK | MSG_DONTWAIT);
		if (r < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (r < 0 && errno == ENOTSOCK)
			return io_read(fd, buf, 1, deadline);
		if (r <= 0)
			return r;
		lf = memchr(buf, '\n', (size_t)r);
		return io_read(fd, buf, lf ? (size_t)(lf - buf) + 1 : (size_t)r, deadline);
	}
}

typedef ssize_t reader(int fd, char *buf, size_t n, tain const *deadline);

static int fill(conn *c, reader *get)
{
	tain idle;
	ssize_t r;

	if (c->pos < c->len)
		return 1;
	if (!conn_flush(c))
		return 0;
	c->pos = c->len = 0;
	r = get(c->in, c->inbuf, sizeof c->inbuf, patience(c, &idle));
	if (r > 0) {
		c->len = (size_t)r;
		return 1;
	}
	if (r < 0 && errno == ETIMEDOUT && c->farewell) {
		conn_puts(c, c->farewell);
		io_deadline(&idle, FAREWELL_SECONDS);
		send_waiting(c, &idle);
	}
	c->broken = 1;
	return 0;
}

int conn_fill(conn *c)
{
	return fill(c, io_read);
}

int conn_fill_line(conn *c)
{
	return fill(c, read_line);
}
