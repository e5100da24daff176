/* SPDX-License-Identifier: ISC */

/* Input: what a client sends. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "net/smtpcmd.h"

static char const *const verbs[] = { "mail", "rcpt", "data", "" };
enum { VERBS = sizeof verbs / sizeof verbs[0] };

/* A line taken apart and put together again is the line, but for the number of spaces behind the verb. */
static void check_split(char const *line, size_t n)
{
	smtpcmd_parts p;
	unsigned int which;
	size_t spaces;

	smtpcmd_split(&p, line, n);
	HOLDS(p.verb == line && p.verblen <= n && p.arglen <= n - p.verblen);
	HOLDS(!memchr(p.verb, ' ', p.verblen) || p.verblen == 0);
	HOLDS(p.arglen == 0 || (p.arg[0] != ' ' && p.arg + p.arglen == line + n));
	for (spaces = p.verblen; spaces < n - p.arglen; spaces++)
		HOLDS(line[spaces] == ' ');
	which = smtpcmd_verb(&p, verbs, VERBS);
	HOLDS(which <= VERBS);
	HOLDS(which == VERBS || fuzz_same_fold((span){ p.verb, p.verblen }, (span){ verbs[which], strlen(verbs[which]) }));
}

/* The first parameter of that name, by a copy of the line that is taken apart. */
static uint64_t size_of(char *copy)
{
	char *left = 0;
	char *word;

	for (word = strtok_r(copy, " ", &left); word; word = strtok_r(0, " ", &left))
		if (strncasecmp(word, "size=", 5) == 0 && word[5])
			return strspn(word + 5, "0123456789") ? strtoull(word + 5, 0, 10) : 0;
	return 0;
}

static void check_size(char const *line, size_t n)
{
	char *exact = malloc(n + !n);
	char *copy = fuzz_copy((span){ line, n });

	fuzz_memory(exact != 0);
	memcpy(exact, line, n);
	HOLDS(smtpcmd_size(exact, n) == size_of(copy));
	free(exact);
	free(copy);
}

static void feed(stralloc *notes, span in, cut c)
{
	smtpcmd cmd = SMTPCMD_ZERO;
	uint32_t state = 0;
	size_t pos = 0;
	size_t start = 0;

	while (pos < in.n) {
		size_t len = fuzz_piece(c, &state, in.n - pos);
		char *block = fuzz_copy((span){ in.s + pos, len });
		size_t used;
		smtpcmd_status status = smtpcmd_feed(&cmd, block, len, &used);

		HOLDS(used > 0 && used <= len);
		HOLDS(status == SMTPCMD_LINE || (status == SMTPCMD_MORE && used == len));
		pos += used;
		if (status == SMTPCMD_LINE) {
			span line = { cmd.line.s, cmd.line.len };

			HOLDS(line.n == 0 || (!memchr(line.s, 0, line.n) && !memchr(line.s, '\n', line.n)));
			HOLDS(cmd.has_nul == (memchr(in.s + start, 0, pos - start) != 0));
			start = pos;
			fuzz_put(notes, line.s, line.n);
			check_split(line.n ? line.s : "", line.n);
			check_size(line.n ? line.s : "", line.n);
		}
		free(block);
	}
	stralloc_free(&cmd.line);
}

/* What each line is, told without the machine: up to the LF, less one CR, up to a NUL. */
static void expect(stralloc *notes, span in)
{
	while (in.n && memchr(in.s, '\n', in.n)) {
		span line = fuzz_line(&in);
		size_t n = line.n && line.s[line.n - 1] == '\r' ? line.n - 1 : line.n;

		fuzz_put(notes, line.s, strnlen(line.s, n));
	}
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	span in = fuzz_whole(data, size);
	stralloc first = STRALLOC_ZERO;
	cut c;

	expect(&first, in);
	for (c = CUT_NOT; c < CUTS; c++) {
		stralloc notes = STRALLOC_ZERO;

		feed(&notes, in, c);
		fuzz_agree(&first, &notes);
	}
	stralloc_free(&first);
	return 0;
}
