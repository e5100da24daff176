/* SPDX-License-Identifier: ISC */

/* Input: what a server says. The reply goes on into a log line and into a bounce. */

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "mail/bounce.h"
#include "net/smtpreply.h"

static void check_log(smtpreply const *r)
{
	stralloc line = STRALLOC_ZERO;
	size_t i;

	fuzz_memory(text_safe(&line, r->text, r->len));
	HOLDS(line.len == r->len);
	for (i = 0; i < line.len; i++)
		HOLDS(line.s[i] > 32 && line.s[i] < 127);
	stralloc_free(&line);
}

/* The blank line that ends a paragraph stands at its end only. */
static void check_bounce(smtpreply const *r)
{
	stralloc text = STRALLOC_ZERO;
	char const *blank;

	fuzz_memory(bounce_paragraph(&text, "a@b", 3, r->text, r->len));
	HOLDS(text.len >= 2 && memcmp(text.s + text.len - 2, "\n\n", 2) == 0);
	blank = memmem(text.s, text.len, "\n\n", 2);
	HOLDS(blank >= text.s + text.len - 3);
	stralloc_free(&text);
}

static void read_replies(stralloc *notes, span in, cut c)
{
	smtpreply *r = malloc(sizeof *r);
	uint32_t state = 0;
	size_t start = 0;

	fuzz_memory(r != 0);
	smtpreply_start(r);
	while (start < in.n) {
		size_t n = fuzz_piece(c, &state, in.n - start);
		char *block = fuzz_copy((span){ in.s + start, n });
		size_t pos = 0;
		smtpreply_status status = smtpreply_feed(r, block, n, &pos);

		HOLDS(pos > 0 && pos <= n && r->len <= SMTPREPLY_TEXT_MAX && r->code <= 999);
		HOLDS(status == SMTPREPLY_DONE || (status == SMTPREPLY_MORE && pos == n));
		HOLDS(r->len == 0 || !memchr(r->text, '\r', r->len));
		start += pos;
		free(block);
		if (status == SMTPREPLY_DONE) {
			HOLDS(in.s[start - 1] == '\n');
			fuzz_putn(notes, start);
			fuzz_putn(notes, r->code);
			fuzz_put(notes, r->text, r->len);
			check_log(r);
			check_bounce(r);
			smtpreply_start(r);
		}
	}
	free(r);
}

/* ---- replies told line by line ---------------------------------------------------------------------------- */

static unsigned int code_of(span line)
{
	unsigned int code = 0;
	size_t i;

	for (i = 0; i < 3; i++) {
		if (i >= line.n || line.s[i] < '0' || line.s[i] > '9')
			return SMTPREPLY_NONE;
		code = code * 10 + (unsigned int)(line.s[i] - '0');
	}
	return code;
}

static void expect(stralloc *notes, span in)
{
	char const *from = in.s;
	stralloc text = STRALLOC_ZERO;
	unsigned int code = 0;
	int first = 1;

	while (in.n && memchr(in.s, '\n', in.n)) {
		span line = fuzz_line(&in);
		size_t start = text.len;
		size_t i;

		for (i = 0; i < line.n; i++)
			if (line.s[i] != '\r')
				fuzz_memory(stralloc_append(&text, line.s[i]));
		fuzz_memory(stralloc_append(&text, '\n'));
		line = (span){ text.s + start, text.len - start - 1 };
		if (first)
			code = code_of(line);
		first = 0;
		if (line.n >= 4 && line.s[3] == '-')
			continue;
		fuzz_putn(notes, (size_t)(in.s - from));
		fuzz_putn(notes, code);
		fuzz_put(notes, text.s, text.len < SMTPREPLY_TEXT_MAX ? text.len : SMTPREPLY_TEXT_MAX);
		text.len = 0;
		first = 1;
	}
	stralloc_free(&text);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	span in = fuzz_whole(data, size);
	stralloc known = STRALLOC_ZERO;
	cut c;

	expect(&known, in);
	for (c = CUT_NOT; c < CUTS; c++) {
		stralloc notes = STRALLOC_ZERO;

		read_replies(&notes, in, c);
		fuzz_agree(&known, &notes);
	}
	stralloc_free(&known);
	return 0;
}
