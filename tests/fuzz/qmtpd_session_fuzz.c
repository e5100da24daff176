/* SPDX-License-Identifier: ISC */

/* Input: what a client sends to qmail-qmtpd. */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "memory.h"
#include "qmtpd/session.h"

static conn wire;
static session s;

static void load(policy *p)
{
	static char const names[] = "ok.example\0.sub.example";
	static size_t const lines[2] = { 1, 2 };

	*p = (policy)POLICY_ZERO;
	p->databytes = 300;
	p->hosts.present = 1;
	fuzz_memory(stralloc_copyb(&p->hosts.list.entries, names, sizeof names));
	fuzz_memory(stralloc_copyb(&p->hosts.list.lines, (char const *)lines, sizeof lines));
	p->hosts.list.n = 2;
	fuzz_memory(constmap_set(&p->hosts.few, &p->hosts.list));
}

static int run(span in, cut c, char const *relayclient)
{
	policy p;
	session_end end;

	memory_start(in, c);
	load(&p);
	p.relayclient = relayclient;
	conn_open(&wire, 0, 1, 1);
	memset(&s, 0, sizeof s);
	s.conn = &wire;
	s.policy = &p;
	s.client = (received){ .host = "h", .ip = "i", .local = "l", .protocol = "QMTP" };
	end = session_run(&s);
	conn_flush(&wire);
	stralloc_free(&s.fates);
	stralloc_free(&p.notes);
	hosts_free(&p.hosts);
	return end;
}

/* ---- the same bytes without a machine -------------------------------------------------------------------------- */

/* How many recipients a package asks an answer for; -1 if it is not whole. */
static int take_package(span *in, span *sender)
{
	span text, recipients, one;
	int n = 0;

	if (!fuzz_netstring(in, &text) || text.n == 0 || !strchr("\r\n", text.s[0]) || !text.s[0])
		return -1;
	if (!fuzz_netstring(in, sender) || !fuzz_netstring(in, &recipients))
		return -1;
	for (; recipients.n; n++)
		if (!fuzz_netstring(&recipients, &one))
			return -1;
	return n;
}

/* The answers to one package: K is said if and only if it is queued, and then to as many as it is queued for. */
static void check_answers(span *out, int n, span *queued, size_t *messages)
{
	uint64_t taken = 0;
	uint64_t len, count;

	for (; n > 0; n--) {
		span answer;

		HOLDS(fuzz_netstring(out, &answer));
		HOLDS(answer.n > 1 && strchr("KZD", answer.s[0]));
		taken += answer.s[0] == 'K';
	}
	if (taken == 0)
		return;
	HOLDS(queued->n > 0);
	++*messages;
	memcpy(&len, queued->s, sizeof len);
	queued->s += sizeof len + len;
	memcpy(&len, queued->s, sizeof len);
	queued->s += sizeof len + len;
	memcpy(&count, queued->s, sizeof count);
	queued->s += sizeof count;
	HOLDS(count == taken);
	for (; count > 0; count--) {
		memcpy(&len, queued->s, sizeof len);
		queued->s += sizeof len + len;
	}
	queued->n = (size_t)(memory_now.queued.s + memory_now.queued.len - queued->s);
}

static void follow(span in)
{
	span out = { memory_now.out.s, memory_now.out.len };
	span queued = { memory_now.queued.s, memory_now.queued.len };
	size_t messages = 0;
	span sender;
	int n;

	while ((n = take_package(&in, &sender)) >= 0)
		check_answers(&out, n, &queued, &messages);
	HOLDS(out.n == 0);
	HOLDS(messages == memory_now.messages);
}

static void check(span in, char const *relayclient)
{
	int end = run(in, CUT_NOT, relayclient);

	HOLDS(end == SESSION_OVER || end == SESSION_PROTOCOL || end == SESSION_TROUBLE);
	follow(in);
	memory_again(in, relayclient, run, end);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	check(fuzz_whole(data, size), 0);
	check(fuzz_whole(data, size), "@relay");
	return 0;
}
