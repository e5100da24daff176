/* SPDX-License-Identifier: ISC */

/* Input: what a client sends to qmail-qmqpd. */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "memory.h"
#include "qmqpd/session.h"

static conn wire;
static session s;

static int run(span in, cut c, char const *relayclient)
{
	session_end end;

	(void)relayclient;
	memory_start(in, c);
	conn_open(&wire, 0, 1, 1);
	memset(&s, 0, sizeof s);
	s.conn = &wire;
	s.client = (received){ .host = "h", .ip = "i", .local = "l", .protocol = "QMQP" };
	end = session_run(&s);
	conn_flush(&wire);
	return end;
}

/* ---- the same bytes without a machine ------------------------------------------------------------------------- */

static int fit(span x)
{
	return x.n <= SESSION_ADDRESS_MAX && !memchr(x.s, 0, x.n);
}

/* What the queue must hold if the request is whole; 0 if it is not. *fits: all its addresses are fit for it. */
static int expect(stralloc *queued, span in, int *fits)
{
	stralloc recipients = STRALLOC_ZERO;
	uint64_t n = 0;
	span request, text, sender, one;

	if (!fuzz_netstring(&in, &request) || !fuzz_netstring(&request, &text) || !fuzz_netstring(&request, &sender))
		return 0;
	*fits = fit(sender);
	for (; request.n; n++) {
		if (!fuzz_netstring(&request, &one)) {
			stralloc_free(&recipients);
			return 0;
		}
		*fits = *fits && fit(one);
		fuzz_put(&recipients, one.s, one.n);
	}
	fuzz_put(queued, text.s, text.n);
	fuzz_put(queued, sender.s, sender.n);
	fuzz_putn(queued, n);
	fuzz_memory(recipients.len == 0 || stralloc_cat(queued, &recipients));
	stralloc_free(&recipients);
	return 1;
}

/* One answer to a whole request, none to another; K if and only if exactly what was sent is queued. */
static void follow(span in)
{
	stralloc expected = STRALLOC_ZERO;
	span out = { memory_now.out.s, memory_now.out.len };
	span answer;
	int fits = 0;

	if (expect(&expected, in, &fits)) {
		HOLDS(fuzz_netstring(&out, &answer) && answer.n > 1 && strchr("KZD", answer.s[0]));
		HOLDS((answer.s[0] == 'K') == (memory_now.messages == 1));
		HOLDS(answer.s[0] != 'K' || fits);
		HOLDS(answer.s[0] != 'K' || fuzz_same((span){ expected.s, expected.len },
			(span){ memory_now.queued.s, memory_now.queued.len }));
	} else {
		HOLDS(memory_now.messages == 0);
	}
	HOLDS(out.n == 0 && memory_now.messages <= 1);
	stralloc_free(&expected);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	span in = fuzz_whole(data, size);
	int end = run(in, CUT_NOT, 0);

	HOLDS(end == SESSION_OVER || end == SESSION_PROTOCOL || end == SESSION_TROUBLE);
	follow(in);
	memory_again(in, 0, run, end);
	return 0;
}
