/* SPDX-License-Identifier: ISC */

/* Input: what a client sends behind DATA, and, as well, a message in the queue. */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "mail/eod_in.h"
#include "mail/eod_out.h"

/* ---- in: a decider that looks at whole lines --------------------------------------------------------- */

typedef struct verdict
{
	eod_in_status status;
	size_t used;
	stralloc text;
} verdict;

static void put(stralloc *sa, char const *s, size_t n)
{
	fuzz_memory(n == 0 || stralloc_catb(sa, s, n));
}

/* Lines end at LF. One that no CR precedes spoils everything. A dot at the start of a line goes unless a CR
 * follows. */
static void decide(verdict *v, span in)
{
	size_t start = 0;
	size_t i;

	v->status = EOD_IN_MORE;
	v->text.len = 0;
	for (i = 0; i < in.n && v->status == EOD_IN_MORE; i++) {
		char const *line = in.s + start;
		size_t n = i - start;

		if (in.s[i] != '\n')
			continue;
		if (n == 2 && line[0] == '.' && line[1] == '\r') {
			v->status = EOD_IN_END;
			continue;
		}
		if (n >= 2 && line[0] == '.' && line[1] != '\r') {
			line++;
			n--;
		}
		if (n == 0 || line[n - 1] != '\r') {
			v->status = EOD_IN_BARE_LF;
			put(&v->text, line, n);
		} else {
			put(&v->text, line, n - 1);
			put(&v->text, "\n", 1);
		}
		start = i + 1;
	}
	v->used = i;
	if (v->status == EOD_IN_MORE && start < in.n) {
		size_t dot = in.n - start >= 2 && in.s[start] == '.' && in.s[start + 1] != '\r';

		put(&v->text, in.s + start + dot, in.n - start - dot);
	}
}

static void decode(verdict *v, span in, cut c)
{
	eod_in m = EOD_IN_ZERO;
	uint32_t state = 0;
	size_t pos = 0;

	v->status = EOD_IN_MORE;
	v->text.len = 0;
	while (pos < in.n && v->status == EOD_IN_MORE) {
		size_t n = fuzz_piece(c, &state, in.n - pos);
		char *block = fuzz_copy((span){ in.s + pos, n });
		char *out = malloc(n + EOD_IN_ROOM);
		size_t used, len;

		fuzz_memory(out != 0);
		v->status = eod_in_feed(&m, block, n, &used, out, &len);
		HOLDS(used == n || v->status != EOD_IN_MORE);
		HOLDS(len <= n + EOD_IN_ROOM);
		put(&v->text, out, len);
		pos += used;
		free(block);
		free(out);
	}
	v->used = pos;
}

static void check_in(span in)
{
	verdict expected = { .text = STRALLOC_ZERO };
	verdict v = { .text = STRALLOC_ZERO };
	cut c;

	decide(&expected, in);
	for (c = CUT_NOT; c < CUTS; c++) {
		decode(&v, in, c);
		HOLDS(v.status == expected.status && v.used == expected.used);
		/* What was held back when the input ended is no part of any message. */
		HOLDS(v.text.len <= expected.text.len && v.text.len + EOD_IN_ROOM >= expected.text.len);
		HOLDS(v.status != EOD_IN_END || v.text.len == expected.text.len);
		HOLDS(v.text.len == 0 || memcmp(v.text.s, expected.text.s, v.text.len) == 0);
	}
	stralloc_free(&expected.text);
	stralloc_free(&v.text);
}

/* ---- out: what leaves decodes to what was stored, and nowhere else could it seem to end ---------------------- */

/* CR LF, CR and LF are one line end each; the last line has one, too. */
static void normalise(stralloc *sa, span in)
{
	size_t i;

	for (i = 0; i < in.n; i++)
		if (in.s[i] == '\r') {
			put(sa, "\n", 1);
			i += i + 1 < in.n && in.s[i + 1] == '\n';
		} else {
			put(sa, in.s + i, 1);
		}
	if (sa->len && sa->s[sa->len - 1] != '\n')
		put(sa, "\n", 1);
}

static void encode(stralloc *wire, span in, cut c)
{
	eod_out e = EOD_OUT_ZERO;
	uint32_t state = 0;
	size_t pos = 0;
	char end[EOD_OUT_END_MAX];
	size_t len;

	wire->len = 0;
	put(wire, "\r\n", 2);
	while (pos < in.n) {
		size_t n = fuzz_piece(c, &state, in.n - pos);
		char *block = fuzz_copy((span){ in.s + pos, n });
		char *out = malloc(EOD_OUT_ROOM(n));

		fuzz_memory(out != 0);
		len = eod_out_feed(&e, block, n, out);
		HOLDS(len <= EOD_OUT_ROOM(n));
		put(wire, out, len);
		pos += n;
		free(block);
		free(out);
	}
	len = eod_out_end(&e, end);
	HOLDS(len <= sizeof end);
	put(wire, end, len);
}

static void check_wire(stralloc const *wire)
{
	static char const last[] = "\r\n.\r\n";
	size_t ends = 0;
	size_t i;

	for (i = 0; i < wire->len; i++) {
		HOLDS(wire->s[i] != '\n' || (i > 0 && wire->s[i - 1] == '\r'));
		HOLDS(wire->s[i] != '\r' || i + 1 == wire->len || wire->s[i + 1] == '\n');
		if (wire->len - i >= 5 && memcmp(wire->s + i, last, 5) == 0)
			ends++;
	}
	HOLDS(ends == 1);
	HOLDS(memcmp(wire->s + wire->len - 5, last, 5) == 0);
}

static void check_out(span in)
{
	stralloc wire = STRALLOC_ZERO;
	stralloc again = STRALLOC_ZERO;
	stralloc text = STRALLOC_ZERO;
	verdict v = { .text = STRALLOC_ZERO };
	cut c;

	encode(&wire, in, CUT_NOT);
	check_wire(&wire);
	for (c = CUT_BYTES; c < CUTS; c++) {
		encode(&again, in, c);
		HOLDS(again.len == wire.len && memcmp(again.s, wire.s, wire.len) == 0);
	}
	decode(&v, (span){ wire.s + 2, wire.len - 2 }, CUT_NOT);
	normalise(&text, in);
	HOLDS(v.status == EOD_IN_END && v.used == wire.len - 2);
	HOLDS(fuzz_same((span){ v.text.s, v.text.len }, (span){ text.s, text.len }));
	stralloc_free(&wire);
	stralloc_free(&again);
	stralloc_free(&text);
	stralloc_free(&v.text);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	span in = fuzz_whole(data, size);
	verdict v = { .text = STRALLOC_ZERO };

	check_in(in);
	check_out(in);
	/* And on to the next host: what came in goes out. */
	decide(&v, in);
	check_out((span){ v.text.s, v.text.len });
	stralloc_free(&v.text);
	return 0;
}
