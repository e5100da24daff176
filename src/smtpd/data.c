/* SPDX-License-Identifier: ISC */

#include "data.h"

#include <string.h>
#include <time.h>

#include "mail/eod_in.h"
#include "proto/intake.h"

/* One message on its way through. */
typedef struct transfer
{
	eod_in eod;
	intake in;
	char out[CONN_IN + EOD_IN_ROOM];
} transfer;

/* Too large to live on the stack; there is one message at a time. */
static transfer here;

static int start(session *s, transfer *t)
{
	t->eod = (eod_in)EOD_IN_ZERO;
	s->client.helo = s->have_helo ? s->helo.s : 0;
	return intake_open(&t->in, &s->client, time(0), s->policy->databytes);
}

/* What is refused anyway is still read to its end. */
static eod_in_status take_block(transfer *t, char const *in, size_t n, size_t *used)
{
	size_t len;
	eod_in_status status = eod_in_feed(&t->eod, in, n, used, t->out, &len);

	hops_feed(&t->in.hops, in, *used);
	intake_text(&t->in, t->out, len);
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

/* Whether the message is refused for a CR that no LF follows: other servers take it for the end of a line. */
static int unfit(session const *s, transfer const *t)
{
	return s->policy->reject_bare_cr && t->eod.bare_cr;
}

static char const *finish(session *s, transfer *t)
{
	char const *to = s->recipients.s;
	char const *end = to + s->recipients.len;

	if (unfit(s, t))
		qq_fail(&t->in.queue);
	qq_from(&t->in.queue, s->sender.s, s->sender.len);
	while (to < end) {
		size_t n = strlen(to);

		qq_to(&t->in.queue, to, n);
		to += n + 1;
	}
	return qq_close(&t->in.queue);
}

static void answer(session *s, transfer *t, char const *result)
{
	conn *c = s->conn;

	if (!*result) {
		char ok[QQ_OK_FMT];

		conn_puts(c, "250 ");
		conn_put(c, ok, qq_ok(ok, &t->in.queue, time(0)));
		conn_puts(c, "\r\n");
	} else if (intake_refusal(&t->in)) {
		conn_puts(c, intake_looping(&t->in) ? "554 " : "552 ");
		conn_puts(c, intake_refusal(&t->in));
		conn_puts(c, "\r\n");
	} else if (unfit(s, t)) {
		conn_puts(c, "554 carriage return without line feed in message (#5.6.0)\r\n");
	} else {
		conn_puts(c, *result == 'D' ? "554 " : "451 ");
		conn_puts(c, result + 1);
		conn_puts(c, "\r\n");
	}
}

static unsigned int data_seconds(policy const *p)
{
	return p->session_seconds < SESSION_DATA_SECONDS / 2 ? 2 * p->session_seconds : SESSION_DATA_SECONDS;
}

session_end data_receive(session *s)
{
	transfer *t = &here;
	conn *c = s->conn;

	if (!start(s, t)) {
		conn_puts(c, "451 qqt failure (#4.3.0)\r\n");
		return SESSION_GO_ON;
	}
	conn_within(c, data_seconds(s->policy));
	conn_puts(c, "354 go ahead\r\n");
	switch (take_message(c, t)) {
	case EOD_IN_END:
		answer(s, t, finish(s, t));
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
