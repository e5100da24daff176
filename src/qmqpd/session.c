/* SPDX-License-Identifier: ISC */

#include "session.h"

#include <string.h>
#include <time.h>

static session_end end_of(netstring_status status)
{
	switch (status) {
	case NETSTRING_OK:
		return SESSION_GO_ON;
	case NETSTRING_END:
		return SESSION_OVER;
	case NETSTRING_BAD:
		return SESSION_PROTOCOL;
	default:
		return SESSION_TROUBLE;
	}
}

static session_end take_text(session *s)
{
	uint64_t n;
	session_end end = end_of(netstring_start(&s->in, &n));

	if (end == SESSION_GO_ON && !intake_open(&s->message, &s->client, time(0), 0))
		end = SESSION_TROUBLE;
	while (end == SESSION_GO_ON && n > 0) {
		char const *p;
		size_t len;

		end = end_of(netstring_some(&s->in, n, &p, &len));
		if (end != SESSION_GO_ON)
			return end;
		hops_feed(&s->message.hops, p, len);
		intake_text(&s->message, p, len);
		n -= len;
	}
	return end == SESSION_GO_ON ? end_of(netstring_comma(&s->in)) : end;
}

/* The next address into s->address, *n bytes. One that nobody can mean spoils the message. */
static session_end take_address(session *s, size_t *n)
{
	uint64_t len;
	int fits;
	session_end end = end_of(netstring_start(&s->in, &len));

	*n = 0;
	if (end == SESSION_GO_ON)
		end = end_of(netstring_take(&s->in, len, s->address, SESSION_ADDRESS_MAX, &fits));
	if (end != SESSION_GO_ON)
		return end;
	if (fits && !memchr(s->address, 0, len))
		*n = len;
	else
		s->addresses_ok = 0;
	return end;
}

static session_end take_envelope(session *s)
{
	size_t n;
	session_end end = take_address(s, &n);

	if (end == SESSION_GO_ON)
		qq_from(&s->message.queue, s->address, n);
	while (end == SESSION_GO_ON && s->in.left > 0) {
		end = take_address(s, &n);
		if (end == SESSION_GO_ON)
			qq_to(&s->message.queue, s->address, n);
	}
	return end;
}

/* Nothing is queued before the comma at the end has come. */
static session_end take_request(session *s)
{
	uint64_t n;
	session_end end = end_of(netstring_start(&s->in, &n));

	if (end != SESSION_GO_ON)
		return end;
	s->addresses_ok = 1;
	s->in.left = (int64_t)n;
	end = take_text(s);
	if (end == SESSION_GO_ON)
		end = take_envelope(s);
	s->in.left = NETSTRING_OPEN;
	return end == SESSION_GO_ON ? end_of(netstring_comma(&s->in)) : end;
}

static void refuse(session *s, char letter, char const *text)
{
	netstring_answer(s->conn, letter, text, strlen(text));
}

static void finish(session *s)
{
	char ok[QQ_OK_FMT];
	char const *result;

	if (!s->addresses_ok)
		qq_fail(&s->message.queue);
	result = qq_close(&s->message.queue);
	if (!*result)
		netstring_answer(s->conn, 'K', ok, qq_ok(ok, &s->message.queue, time(0)));
	else if (!s->addresses_ok)
		refuse(s, 'D', "sorry, I can't accept addresses like that (#5.1.3)");
	else if (intake_refusal(&s->message))
		refuse(s, 'D', intake_refusal(&s->message));
	else
		refuse(s, *result, result + 1);
}

session_end session_run(session *s)
{
	session_end end;

	conn_within(s->conn, SESSION_SECONDS);
	s->in = (netstring_in){ .conn = s->conn, .left = NETSTRING_OPEN };
	end = take_request(s);
	if (end != SESSION_GO_ON)
		return end;
	finish(s);
	conn_flush(s->conn);
	return SESSION_OVER;
}
