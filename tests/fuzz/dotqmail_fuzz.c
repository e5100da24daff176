/* SPDX-License-Identifier: ISC */

/* Input: a .qmail file. */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "mail/dotqmail.h"

/* The line as dot-qmail(5) has it: without blanks at its end. */
static span significant(span line)
{
	while (line.n && (line.s[line.n - 1] == ' ' || line.s[line.n - 1] == '\t'))
		line.n--;
	return line;
}

static int allowed(dotqmail_kind kind, span line)
{
	if (line.n == 0)
		return kind == DOTQMAIL_BLANK;
	if (memchr(line.s, 0, line.n))
		return kind == (line.s[0] == '#' ? DOTQMAIL_COMMENT : DOTQMAIL_BAD);
	switch (line.s[0]) {
	case '#': return kind == DOTQMAIL_COMMENT;
	case '|': return kind == DOTQMAIL_PROGRAM;
	case '/':
	case '.': return kind == DOTQMAIL_BAD || kind == (line.s[line.n - 1] == '/' ? DOTQMAIL_MAILDIR : DOTQMAIL_MBOX);
	case '+': return kind == (fuzz_same(line, (span){ "+list", 5 }) ? DOTQMAIL_LIST : DOTQMAIL_OTHER);
	default: return kind == DOTQMAIL_FORWARD || kind == DOTQMAIL_BAD;
	}
}

/* What is carried out is what stands in the line, all of it, and nothing more. */
static void check(dotqmail const *d, span line)
{
	size_t sign = line.n && memchr("#|+&", line.s[0], 4) ? 1 : 0;

	HOLDS(allowed(d->kind, line));
	if (d->kind == DOTQMAIL_BAD) {
		HOLDS(strlen(d->arg) == d->len && d->len > 0);
		return;
	}
	HOLDS(d->len == line.n - sign);
	HOLDS(d->len == 0 || d->arg == line.s + sign);
	HOLDS(d->kind != DOTQMAIL_FORWARD || d->len <= DOTQMAIL_ADDRESS_MAX);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	span in = fuzz_whole(data, size);
	char *text = malloc(in.n + !in.n);
	span left = { text, in.n };
	size_t pos = 0;

	fuzz_memory(text != 0);
	memcpy(text, in.s, in.n);
	while (pos < in.n) {
		dotqmail d;
		size_t used = dotqmail_next(&d, text + pos, in.n - pos);
		span line = fuzz_line(&left);

		HOLDS(used > 0 && used <= in.n - pos);
		pos += used;
		HOLDS(pos == in.n - left.n);
		check(&d, significant(line));
	}
	HOLDS(left.n == 0);
	free(text);
	return 0;
}
