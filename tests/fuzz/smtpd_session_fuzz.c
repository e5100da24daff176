/* SPDX-License-Identifier: ISC */

/* Input: what a client sends to qmail-smtpd, from its first command on. */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "memory.h"
#include "smtpd/session.h"

static char const *const commands[] = { "helo", "ehlo", "mail", "rcpt", "data", "rset", "quit" };
typedef enum { HELO, EHLO, MAIL, RCPT, DATA, RSET, QUIT, ANOTHER } command;

static conn wire;

/* ---- running the session ------------------------------------------------------------------------------------- */

/* text: entries, one a line, the last with its newline. */
static void make_set(control_list *l, constmap *m, char const *text)
{
	size_t i;
	size_t line = 0;

	for (i = 0; text[i]; i++) {
		fuzz_memory(stralloc_append(&l->entries, text[i] == '\n' ? 0 : text[i]));
		if (text[i] != '\n')
			continue;
		line++;
		fuzz_memory(stralloc_catb(&l->lines, (char const *)&line, sizeof line));
		l->n++;
	}
	fuzz_memory(constmap_set(m, l));
}

/* As if control held a few hosts and senders; no file is read. */
static void load(policy *p, char const *relayclient)
{
	static unsigned char const self[4] = { 192, 0, 2, 1 };

	*p = (policy)POLICY_ZERO;
	p->timeout = 1;
	p->databytes = 300;
	p->relayclient = relayclient;
	/* Two configurations in one. */
	p->recipients = relayclient ? 2 : 0;
	p->reject_bare_cr = relayclient != 0;
	p->session_seconds = 1;
	p->have_localiphost = 1;
	p->me_ready = 1;
	fuzz_memory(stralloc_copys(&p->greeting, "mx") && stralloc_copys(&p->localiphost, "ok.example"));
	fuzz_memory(ipme_add(&p->me, self, sizeof self));
	p->hosts.present = 1;
	make_set(&p->hosts.list, &p->hosts.few, "ok.example\n.sub.example\n");
	make_set(&p->badmailfrom_list, &p->badmailfrom, "bad@b\n@c\n");
}

static int run(span in, cut c, char const *relayclient)
{
	session s = SESSION_ZERO;
	policy p;
	int code;

	memory_start(in, c);
	load(&p, relayclient);
	conn_open(&wire, 0, 1, p.timeout);
	s.conn = &wire;
	s.policy = &p;
	s.client = (received){ .host = "h", .ip = "i", .local = "l", .protocol = "SMTP" };
	code = session_run(&s);
	conn_flush(&wire);
	session_free(&s);
	policy_free(&p);
	return code;
}

/* ---- reading the record of it -------------------------------------------------------------------------------- */

/* The next reply: its code. Each line of it is a code, a blank or dash, and text, and ends in CR LF. 0 when there
 * is none. */
static unsigned int next_reply(span *out)
{
	unsigned int code = 0;
	int more = out->n > 0;

	while (more) {
		char const *end = memmem(out->s, out->n, "\r\n", 2);
		size_t i;

		HOLDS(end && end - out->s >= 4);
		more = out->s[3] == '-';
		HOLDS(more || out->s[3] == ' ');
		for (code = 0, i = 0; i < 3; i++) {
			HOLDS(out->s[i] >= '0' && out->s[i] <= '9');
			code = code * 10 + (unsigned int)(out->s[i] - '0');
		}
		HOLDS(!memchr(out->s, '\n', (size_t)(end - out->s)));
		out->n -= (size_t)(end + 2 - out->s);
		out->s = end + 2;
	}
	HOLDS(code == 0 || (code >= 200 && code <= 599));
	return code;
}

static command read_command(span line)
{
	span verb = line;
	char const *space;
	int k;

	if (verb.n && verb.s[verb.n - 1] == '\r')
		verb.n--;
	verb.n = strnlen(verb.s, verb.n);
	space = verb.n ? memchr(verb.s, ' ', verb.n) : 0;
	if (space)
		verb.n = (size_t)(space - verb.s);
	for (k = HELO; k < ANOTHER; k++)
		if (fuzz_same_fold(verb, (span){ commands[k], 4 }))
			break;
	return (command)k;
}

/* Where the text that in starts with ends: behind CR LF . CR LF, or behind an LF without CR (*bare). 0: it does
 * not. */
static size_t end_of_text(span in, int *bare)
{
	size_t i;
	size_t start = 0;

	for (i = 0; i < in.n; i++) {
		if (in.s[i] != '\n')
			continue;
		*bare = i == 0 || in.s[i - 1] != '\r';
		if (*bare || (i == start + 2 && in.s[start] == '.'))
			return i + 1;
		start = i + 1;
	}
	return 0;
}

typedef struct tracker
{
	span in, out;
	int mailed;
	size_t recipients;      /* that were taken */
	size_t messages;        /* for which the client was told yes */
	stralloc counts;        /* how many recipients each had */
	int over;
} tracker;

static void reset(tracker *t)
{
	t->mailed = 0;
	t->recipients = 0;
}

/* Behind 354: the text, and the answer to it. */
static void follow_text(tracker *t)
{
	int bare = 0;
	size_t n = end_of_text(t->in, &bare);
	unsigned int code;

	HOLDS(t->mailed && t->recipients > 0);
	if (n == 0) {
		t->in.n = 0;
		return;
	}
	t->in.s += n;
	t->in.n -= n;
	code = next_reply(&t->out);
	HOLDS(code == 250 || (code >= 400 && code <= 599));
	HOLDS(!bare || code != 250);
	if (code == 250) {
		t->messages++;
		fuzz_putn(&t->counts, t->recipients);
	}
	/* What follows an end that may not be one is no command of anybody's. */
	t->over = bare;
	reset(t);
}

static void follow_command(tracker *t, command c, unsigned int code)
{
	int yes = code >= 200 && code < 300;

	switch (c) {
	case HELO:
	case EHLO:
	case RSET:
		if (yes)
			reset(t);
		return;
	case MAIL:
		if (yes) {
			reset(t);
			t->mailed = 1;
		}
		return;
	case RCPT:
		HOLDS(!yes || t->mailed);
		if (yes)
			t->recipients++;
		return;
	case DATA:
		HOLDS(!yes);
		if (code == 354)
			follow_text(t);
		return;
	case QUIT:
		t->over = yes;
		return;
	default:
		return;
	}
}

/* One reply for each command, and nothing else; the state that the client can tell from them is the state. */
static void follow(tracker *t)
{
	HOLDS(next_reply(&t->out) == 220);
	while (!t->over && t->in.n && memchr(t->in.s, '\n', t->in.n)) {
		command c = read_command(fuzz_line(&t->in));
		unsigned int code = next_reply(&t->out);

		HOLDS(code != 0);
		HOLDS(code != 354 || c == DATA);
		if (code == 421)
			t->over = 1;
		else
			follow_command(t, c, code);
	}
	HOLDS(t->out.n == 0);
}

/* What the client was told of is what is in the queue: each message once, for as many as were taken. */
static void check_queue(tracker const *t)
{
	span queued = { memory_now.queued.s, memory_now.queued.len };
	size_t i, k;

	HOLDS(memory_now.messages == t->messages);
	for (i = 0; i < t->messages; i++) {
		uint64_t n, expected;

		memcpy(&expected, t->counts.s + i * sizeof expected, sizeof expected);
		for (k = 0; k < 2 + expected; k++) {
			memcpy(&n, queued.s, sizeof n);
			queued.s += sizeof n + n;
			if (k == 1) {
				memcpy(&n, queued.s, sizeof n);
				HOLDS(n == expected);
				queued.s += sizeof n;
			}
		}
	}
	HOLDS(t->messages == 0 || queued.s == memory_now.queued.s + queued.n);
}

static void check(span in, char const *relayclient)
{
	tracker t = { .in = in };
	int code = run(in, CUT_NOT, relayclient);

	t.out = (span){ memory_now.out.s, memory_now.out.len };
	follow(&t);
	check_queue(&t);
	stralloc_free(&t.counts);
	memory_again(in, relayclient, run, code);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	check(fuzz_whole(data, size), 0);
	check(fuzz_whole(data, size), ".relay");
	return 0;
}
