/* SPDX-License-Identifier: ISC */

#include "session.h"

#include <string.h>
#include <time.h>

/* What becomes of a recipient, whatever becomes of the message. */
typedef enum { FATE_TAKEN, FATE_UNWANTED, FATE_UNFIT, FATE_UNKNOWN } fate;

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

/* ---- the text -------------------------------------------------------------------------------------- */

static session_end start_text(session *s, char encoding)
{
	if (encoding != '\n' && encoding != '\r')
		return SESSION_PROTOCOL;
	s->decode = encoding == '\r';
	s->crlf = (crlf)CRLF_ZERO;
	if (!intake_open(&s->message, &s->client, time(0), s->policy->databytes))
		return SESSION_TROUBLE;
	return SESSION_GO_ON;
}

static void put_text(session *s, char const *in, size_t n)
{
	if (s->decode) {
		n = crlf_decode(&s->crlf, s->text, in, n);
		in = s->text;
	}
	hops_feed(&s->message.hops, in, n);
	intake_text(&s->message, in, n);
}

static void end_text(session *s)
{
	if (s->decode)
		intake_text(&s->message, s->text, crlf_end(&s->crlf, s->text));
}

static session_end take_text(session *s)
{
	char const *p;
	size_t len;
	uint64_t n;
	session_end end = end_of(netstring_start(&s->in, &n));

	if (end == SESSION_GO_ON && n == 0)
		end = SESSION_PROTOCOL;
	if (end == SESSION_GO_ON)
		end = end_of(netstring_some(&s->in, 1, &p, &len));
	if (end == SESSION_GO_ON)
		end = start_text(s, *p);
	for (n--; end == SESSION_GO_ON && n > 0; n -= len) {
		end = end_of(netstring_some(&s->in, n, &p, &len));
		if (end != SESSION_GO_ON)
			return end;
		put_text(s, p, len);
	}
	if (end == SESSION_GO_ON)
		end_text(s);
	return end == SESSION_GO_ON ? end_of(netstring_comma(&s->in)) : end;
}

/* ---- the envelope ---------------------------------------------------------------------------------- */

static session_end take_sender(session *s)
{
	uint64_t n;
	session_end end = end_of(netstring_start(&s->in, &n));

	if (end == SESSION_GO_ON)
		end = end_of(netstring_take(&s->in, n, s->address, SESSION_ADDRESS_MAX, &s->sender_ok));
	if (end != SESSION_GO_ON)
		return end;
	s->sender_ok = s->sender_ok && !memchr(s->address, 0, n);
	if (s->sender_ok)
		qq_from(&s->message.queue, s->address, n);
	else
		qq_fail(&s->message.queue);
	return SESSION_GO_ON;
}

/* NUL would cut the address short, and mail to nobody would be delivered to nobody. */
static fate judge(session *s, size_t n, size_t suffix)
{
	int allowed = policy_recipient(s->policy, s->address, n);

	if (allowed < 0)
		return FATE_UNKNOWN;
	if (!allowed)
		return FATE_UNWANTED;
	return n + suffix == 0 || memchr(s->address, 0, n) ? FATE_UNFIT : FATE_TAKEN;
}

static session_end take_recipient(session *s)
{
	char const *suffix = s->policy->relayclient ? s->policy->relayclient : "";
	size_t more = strlen(suffix);
	fate f = FATE_UNFIT;
	size_t room = more < SESSION_ADDRESS_MAX ? SESSION_ADDRESS_MAX - more : 0;
	uint64_t n;
	int fits;
	session_end end = end_of(netstring_start(&s->in, &n));

	if (end == SESSION_GO_ON)
		end = end_of(netstring_take(&s->in, n, s->address, room, &fits));
	if (end != SESSION_GO_ON)
		return end;
	if (fits && more <= SESSION_ADDRESS_MAX)
		f = judge(s, n, more);
	if (f == FATE_TAKEN) {
		memcpy(s->address + n, suffix, more);
		qq_to(&s->message.queue, s->address, n + more);
		s->any = 1;
	}
	if (f == FATE_UNKNOWN || s->fates.len == SESSION_RECIPIENTS_MAX || !stralloc_append(&s->fates, (char)f))
		return SESSION_TROUBLE;
	return SESSION_GO_ON;
}

static session_end take_recipients(session *s)
{
	uint64_t n;
	session_end end = end_of(netstring_start(&s->in, &n));

	s->any = 0;
	s->fates.len = 0;
	if (end != SESSION_GO_ON)
		return end;
	s->in.left = (int64_t)n;
	while (end == SESSION_GO_ON && s->in.left > 0)
		end = take_recipient(s);
	s->in.left = NETSTRING_OPEN;
	return end == SESSION_GO_ON ? end_of(netstring_comma(&s->in)) : end;
}

/* ---- the answer ------------------------------------------------------------------------------------ */

static void answer_each(session *s, char letter, char const *text, size_t n)
{
	static char const unwanted[] = "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)";
	static char const unfit[] = "sorry, I can't handle that recipient (#5.1.3)";
	size_t i;

	for (i = 0; i < s->fates.len; i++)
		switch (s->fates.s[i]) {
		case FATE_UNWANTED:
			netstring_answer(s->conn, 'D', unwanted, sizeof unwanted - 1);
			break;
		case FATE_UNFIT:
			netstring_answer(s->conn, 'D', unfit, sizeof unfit - 1);
			break;
		default:
			netstring_answer(s->conn, letter, text, n);
		}
}

/* The queue program has said what became of the message: an empty string, or a letter and a text. */
static void answer(session *s, char const *result)
{
	char ok[QQ_OK_FMT];

	if (!*result) {
		answer_each(s, 'K', ok, qq_ok(ok, &s->message.queue, time(0)));
		return;
	}
	if (intake_refusal(&s->message))
		answer_each(s, 'D', intake_refusal(&s->message), strlen(intake_refusal(&s->message)));
	else if (!s->sender_ok)
		answer_each(s, 'D', "unacceptable sender (#5.1.7)", 28);
	else
		answer_each(s, *result, result + 1, strlen(result + 1));
}

static session_end take_message(session *s)
{
	session_end end = take_text(s);

	if (end == SESSION_GO_ON)
		end = take_sender(s);
	if (end == SESSION_GO_ON)
		end = take_recipients(s);
	if (end != SESSION_GO_ON)
		return end;
	if (!s->any)
		qq_fail(&s->message.queue);
	answer(s, qq_close(&s->message.queue));
	return SESSION_GO_ON;
}

session_end session_run(session *s)
{
	session_end end;

	conn_within(s->conn, SESSION_SECONDS);
	s->in = (netstring_in){ .conn = s->conn, .left = NETSTRING_OPEN };
	do
		end = take_message(s);
	while (end == SESSION_GO_ON);
	conn_flush(s->conn);
	return end;
}
