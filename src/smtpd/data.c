/* SPDX-License-Identifier: ISC */

#include "data.h"

#include <string.h>
#include <time.h>

#include "base/guard.h"
#include "mail/eod_in.h"
#include "mail/hops.h"
#include "proto/qq.h"

/* One message on its way through. */
typedef struct transfer
{
	eod_in eod;
	hops hops;
	uint64_t size;
	uint64_t limit;         /* 0: none */
	qq queue;
	char out[CONN_IN + EOD_IN_ROOM];
} transfer;

/* Too large to live on the stack; there is one message at a time. */
static transfer here;

static int too_large(transfer const *t)
{
	return t->limit && t->size > t->limit;
}

static int looping(transfer const *t)
{
	return t->hops.count >= HOPS_MAX;
}

static int start(session *s, transfer *t)
{
	int ok;

	t->eod = (eod_in)EOD_IN_ZERO;
	t->hops = (hops)HOPS_ZERO;
	t->size = 0;
	t->limit = s->policy->databytes;
	guard_lift();
	ok = qq_open(&t->queue);
	guard_set();
	return ok;
}

static int put_received(session *s, transfer *t)
{
	stralloc field = STRALLOC_ZERO;
	int ok;

	s->client.helo = s->have_helo ? s->helo.s : 0;
	ok = received_put(&field, &s->client, time(0));
	if (ok)
		qq_put(&t->queue, field.s, field.len);
	stralloc_free(&field);
	return ok;
}

/* What is refused anyway is still read to its end, but the queue need not have it. */
static eod_in_status take_block(transfer *t, char const *in, size_t n, size_t *used)
{
	size_t len;
	eod_in_status status = eod_in_feed(&t->eod, in, n, used, t->out, &len);

	hops_feed(&t->hops, in, *used);
	t->size += len;
	if (too_large(t) || looping(t))
		qq_fail(&t->queue);
	qq_put(&t->queue, t->out, len);
	return status;
}

static eod_in_status take_message(conn *c, transfer *t)
{
	eod_in_status status = EOD_IN_MORE;

	while (status == EOD_IN_MORE && conn_fill(c)) {
		size_t used;

		status = take_block(t, c->inbuf + c->pos, c->len - c->pos, &used);
		c->pos += used;
	}
	return status;
}

static char const *finish(session *s, transfer *t)
{
	char const *to = s->recipients.s;
	char const *end = to + s->recipients.len;

	qq_from(&t->queue, s->sender.s, s->sender.len);
	while (to < end) {
		size_t n = strlen(to);

		qq_to(&t->queue, to, n);
		to += n + 1;
	}
	return qq_close(&t->queue);
}

static void answer(conn *c, transfer *t, char const *result)
{
	if (!*result) {
		char ok[QQ_OK_FMT];

		conn_puts(c, "250 ");
		conn_put(c, ok, qq_ok(ok, &t->queue, time(0)));
		conn_puts(c, "\r\n");
	} else if (looping(t)) {
		conn_puts(c, "554 too many hops, this message is looping (#5.4.6)\r\n");
	} else if (too_large(t)) {
		conn_puts(c, "552 sorry, that message size exceeds my databytes limit (#5.3.4)\r\n");
	} else {
		conn_puts(c, *result == 'D' ? "554 " : "451 ");
		conn_puts(c, result + 1);
		conn_puts(c, "\r\n");
	}
}

session_end data_receive(session *s)
{
	transfer *t = &here;
	conn *c = s->conn;

	if (!start(s, t)) {
		conn_puts(c, "451 qqt failure (#4.3.0)\r\n");
		return SESSION_GO_ON;
	}
	if (!put_received(s, t))
		return session_out_of_memory(s);
	conn_within(c, SESSION_DATA_SECONDS);
	conn_puts(c, "354 go ahead\r\n");
	switch (take_message(c, t)) {
	case EOD_IN_END:
		answer(c, t, finish(s, t));
		return SESSION_GO_ON;
	case EOD_IN_BARE_LF:
		/* What follows may be meant as message or as commands: nothing of it can be trusted. */
		conn_puts(c, "451 line feed without carriage return in message (#4.6.0)\r\n");
		conn_flush(c);
		return SESSION_BROKEN;
	default:
		return SESSION_BROKEN;
	}
}
