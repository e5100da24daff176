/* SPDX-License-Identifier: ISC */

/* Input: what passes between qmail-send and the spawners, in either direction, and what a delivery prints. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "proto/report.h"
#include "proto/share.h"
#include "proto/spawn.h"
#include "spawn/request.h"

/* ---- requests ------------------------------------------------------------------------------------------------ */

static int is_name(stralloc const *mess)
{
	return mess->s[0] != '/' && strspn(mess->s, "0123456789/") == mess->len - 1 && mess->len > 1 && mess->len <= 100;
}

/* A request that is carried out names a file inside the queue and an address with a host. */
static void check_request(spawn_request const *r)
{
	char const *at_sign = strrchr(r->recipient.s, '@');
	size_t at;
	char const *refusal = request_refusal(r, &at);

	HOLDS(!refusal == (is_name(&r->mess) && at_sign));
	HOLDS(refusal ? strchr("ZD", refusal[0]) && refusal[0] : r->recipient.s + at == at_sign);
}

static void note(stralloc *notes, unsigned int number, span mess, span sender, span recipient)
{
	fuzz_putn(notes, number);
	fuzz_put(notes, mess.s, mess.n);
	fuzz_put(notes, sender.s, sender.n);
	fuzz_put(notes, recipient.s, recipient.n);
}

/* A number from least to 65535 as it is written, at the start of s, and the byte behind it. */
static unsigned int number_in(char const *s, unsigned int least, char end)
{
	char text[8];
	unsigned long n = strtoul(s, 0, 10);
	int len = n >= least && n <= 65535 ? snprintf(text, sizeof text, "%lu%c", n, end) : 0;

	return len > 0 && !strncmp(s, text, (size_t)len + !end) ? (unsigned int)n : 0;
}

static void feed_requests(stralloc *notes, span in, cut c)
{
	spawn_request r = SPAWN_REQUEST_ZERO;
	spawn_request_status st;
	pieces p = PIECES(in, c);

	while (fuzz_next(&p)) {
		size_t pos = 0;

		while ((st = spawn_request_feed(&r, p.block, p.n, &pos)) != SPAWN_REQUEST_MORE) {
			fuzz_memory(st != SPAWN_REQUEST_NOMEM);
			HOLDS(r.number <= SPAWN_MOST);
			if (st == SPAWN_REQUEST_ASK) {
				fuzz_putn(notes, 1000000 + r.number);
				continue;
			}
			note(notes, r.number, (span){ r.mess.s, r.mess.len }, (span){ r.sender.s, r.sender.len },
				(span){ r.recipient.s, r.recipient.len });
			check_request(&r);
		}
		HOLDS(pos == p.n);
	}
	fuzz_done(&p);
	stralloc_free(&r.mess);
	stralloc_free(&r.sender);
	stralloc_free(&r.recipient);
}

/* A byte and three strings make a request; garbage between them makes others, but never more or fewer. */
static void expect_requests(stralloc *notes, span in)
{
	while (in.n > 1) {
		unsigned int number = (unsigned char)in.s[0];
		span field[3];
		size_t pos = 1;
		size_t i;

		for (i = 0; i < 3; i++) {
			char const *nul = pos < in.n ? memchr(in.s + pos, 0, in.n - pos) : 0;

			if (!nul)
				return;
			field[i] = (span){ in.s + pos, (size_t)(nul + 1 - (in.s + pos)) };
			pos += field[i].n;
		}
		in.s += pos;
		in.n -= pos;
		if (number == 255 && field[0].s[0] == '?' && field[1].n == 1 && field[2].n == 1 && number_in(field[0].s + 1, 1, 0)) {
			fuzz_putn(notes, 1000000 + number_in(field[0].s + 1, 1, 0));
			continue;
		}
		if (number == 255 && number_in(field[0].s, 256, ':')) {
			size_t n = strcspn(field[0].s, ":") + 1;

			number = number_in(field[0].s, 256, ':');
			field[0] = (span){ field[0].s + n, field[0].n - n };
		}
		note(notes, number, field[0], field[1], field[2]);
	}
}

/* ---- reports ------------------------------------------------------------------------------------------------- */

static void feed_reports(stralloc *notes, span in, cut c)
{
	spawn_report r = SPAWN_REPORT_ZERO;
	pieces p = PIECES(in, c);

	while (fuzz_next(&p)) {
		size_t pos = 0;

		while (spawn_report_feed(&r, p.block, p.n, &pos) == 1) {
			HOLDS(r.number <= SPAWN_MOST && r.offer <= SPAWN_MOST && (!r.offer || r.number == 255) && r.text.len <= SPAWN_REPORT_MAX);
			HOLDS(r.text.len == 0 || !memchr(r.text.s, 0, r.text.len));
			fuzz_putn(notes, r.number);
			fuzz_putn(notes, r.offer);
			fuzz_putn(notes, (unsigned char)r.letter);
			fuzz_put(notes, r.text.s, r.text.len);
		}
		HOLDS(pos == p.n);
	}
	fuzz_done(&p);
	stralloc_free(&r.text);
}

static void expect_reports(stralloc *notes, span in)
{
	while (in.n > 1) {
		char const *nul = memchr(in.s + 1, 0, in.n - 1);
		size_t n = nul ? (size_t)(nul - (in.s + 1)) : 0;
		unsigned int number = (unsigned char)in.s[0];
		unsigned int offer = 0;
		span text = { in.s + 2, n ? n - 1 : 0 };

		if (!nul)
			return;
		if (number == 255 && n && in.s[1] == 'O') {
			size_t digits = strspn(text.s, "0123456789");

			offer = number_in(text.s, 1, text.s[digits] == ' ' ? ' ' : 0);
			digits += offer && text.s[digits] == ' ';
			text = offer ? (span){ text.s + digits, text.n - digits } : text;
		} else if (number == 255 && n && number_in(text.s, 256, ':')) {
			size_t skip = strcspn(text.s, ":") + 1;

			number = number_in(text.s, 256, ':');
			text = (span){ text.s + skip, text.n - skip };
		}
		fuzz_putn(notes, number);
		fuzz_putn(notes, offer);
		fuzz_putn(notes, (unsigned char)in.s[1]);
		fuzz_put(notes, text.s, text.n);
		in.s += n + 2;
		in.n -= n + 2;
	}
}

/* ---- reports that are made of the output of a delivery ----------------------------------------------------------- */

typedef struct kind
{
	void (*feed)(report *, char const *, size_t);
	int (*put)(report const *, int, unsigned int, stralloc *);
} kind;

static void make_report(stralloc *out, kind const *k, span in, cut c, int status)
{
	report r = REPORT_ZERO;
	pieces p = PIECES(in, c);

	while (fuzz_next(&p))
		k->feed(&r, p.block, p.n);
	fuzz_done(&p);
	fuzz_memory(k->put(&r, status, 7, out));
	report_reset(&r);
}

/* Exactly one report, for that delivery, with a result that qmail-send knows. */
static void check_one(stralloc const *out)
{
	spawn_report r = SPAWN_REPORT_ZERO;
	size_t pos = 0;

	HOLDS(spawn_report_feed(&r, out->s, out->len, &pos) == 1);
	HOLDS(pos == out->len && r.number == 7);
	HOLDS(r.letter == 'K' || r.letter == 'Z' || r.letter == 'D');
	stralloc_free(&r.text);
}

static void check_output(kind const *k, span in, int status)
{
	stralloc known = STRALLOC_ZERO;
	cut c;

	make_report(&known, k, in, CUT_NOT, status);
	check_one(&known);
	for (c = CUT_BYTES; c < CUTS; c++) {
		stralloc out = STRALLOC_ZERO;

		make_report(&out, k, in, c, status);
		fuzz_agree(&known, &out);
	}
	stralloc_free(&known);
}

/* Of several recipients nobody is told of a success but with an r of his own and a K for all, or of a failure that the
 * company of others can explain; and who is in the first place never comes back to it. */
static void check_share(span in, int status)
{
	int accepted = 0;
	char own = 0;
	char all = 0;
	size_t which;
	span rest;

	for (rest = in; !all && (own = rest.n ? *rest.s : 0, memchr(rest.s, 0, rest.n)); ) {
		size_t n = strlen(rest.s) + 1;

		if (own && strchr("KZD", own))
			all = own;
		rest = (span){ rest.s + n, rest.n - n };
	}
	for (which = 0, rest = in; which < 4; which++) {
		stralloc out = STRALLOC_ZERO;
		int is_there = rest.n && memchr(rest.s, 0, rest.n) && (!*rest.s || !strchr("KZD", *rest.s));
		share_status got = share_put(in.s, in.n, status, which, 7, &out);

		own = is_there ? *rest.s : 0;
		fuzz_memory(got != SHARE_NOMEM);
		if (got == SHARE_TOLD) {
			check_one(&out);
			HOLDS(status || out.s[1] != 'K' || (own == 'r' && all == 'K'));
			HOLDS(status || out.s[1] != 'D' || !accepted || own == 'r');
		} else {
			HOLDS(out.len == 0 && !status);
			HOLDS(which > 0 || got == SHARE_ALONE);
			HOLDS(got != SHARE_ALONE || own == 'h' || (own == 'r' && all == 'D'));
		}
		stralloc_free(&out);
		if (is_there) {
			size_t n = strlen(rest.s) + 1;

			accepted += own == 'r';
			rest = (span){ rest.s + n, rest.n - n };
		} else {
			rest.n = 0;
		}
	}
}

static void check_stream(span in, void (*expect)(stralloc *, span), void (*feed)(stralloc *, span, cut))
{
	stralloc known = STRALLOC_ZERO;
	cut c;

	expect(&known, in);
	for (c = CUT_NOT; c < CUTS; c++) {
		stralloc notes = STRALLOC_ZERO;

		feed(&notes, in, c);
		fuzz_agree(&known, &notes);
	}
	stralloc_free(&known);
}

/* What is written is read as it was meant, or not written at all. */
static void check_written(span in)
{
	unsigned int number = in.n ? (unsigned char)in.s[0] * (in.s[0] & 1 ? 255u : 1u) : 0;
	char prefix[8];
	size_t wide = number > 255 ? (size_t)snprintf(prefix, sizeof prefix, "%u:", number) : 0;
	span sender = fuzz_section(&in);
	stralloc sa = STRALLOC_ZERO;
	stralloc expected = STRALLOC_ZERO;
	stralloc notes = STRALLOC_ZERO;

	if (spawn_request_put(&sa, number, "1/23", sender.s, sender.n, in.s, in.n)) {
		expect_requests(&expected, (span){ sa.s, sa.len });
		HOLDS(expected.len == 4 * sizeof (uint64_t) + sa.len - 1 - wide);
		feed_requests(&notes, (span){ sa.s, sa.len }, CUT_PIECES);
		fuzz_agree(&expected, &notes);
	} else {
		HOLDS(sa.len == 0 && (memchr(sender.s, 0, sender.n) || memchr(in.s, 0, in.n)));
	}
	stralloc_free(&sa);
	stralloc_free(&expected);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	static kind const local = { report_local_feed, report_local_put };
	static kind const remote = { report_remote_feed, report_remote_put };
	span in = fuzz_whole(data, size);
	int status = in.n ? (unsigned char)in.s[in.n - 1] : 0;

	check_stream(in, expect_requests, feed_requests);
	check_stream(in, expect_reports, feed_reports);
	check_written(in);
	/* Ends as of waitpid: an exit code, a signal. */
	check_output(&local, in, status << 8);
	check_output(&local, in, status & 0x7f);
	check_output(&remote, in, 0);
	check_output(&remote, in, status << 8);
	check_share(in, 0);
	check_share(in, status << 8);
	return 0;
}
