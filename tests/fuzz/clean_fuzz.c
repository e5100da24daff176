/* SPDX-License-Identifier: ISC */

/* Input: what somebody writes to qmail-clean. */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "proto/clean.h"

static void feed(stralloc *notes, span in, cut c)
{
	clean_request r = CLEAN_REQUEST_ZERO;
	pieces p = PIECES(in, c);

	while (fuzz_next(&p)) {
		size_t pos = 0;
		clean_status status;

		while ((status = clean_next(&r, p.block, p.n, &pos)) != CLEAN_MORE) {
			HOLDS(pos > 0 && p.block[pos - 1] == 0);
			fuzz_putn(notes, status);
			if (status == CLEAN_READY) {
				fuzz_putn(notes, r.verb);
				fuzz_putn(notes, r.id);
			}
		}
		HOLDS(pos == p.n);
	}
	fuzz_done(&p);
}

/* The number in s[0..n), or 0 in *ok if it is none or does not fit. */
static uint64_t number(char const *s, size_t n, int *ok)
{
	uint64_t value = 0;
	size_t i;

	*ok = n > 0;
	for (i = 0; i < n; i++) {
		uint64_t digit = (uint64_t)(s[i] - '0');

		if (s[i] < '0' || s[i] > '9' || value > (UINT64_MAX - digit) / 10)
			return *ok = 0, 0;
		value = value * 10 + digit;
	}
	return value;
}

/* One answer for each NUL; something is done only for a request that is one from its first byte to its last. */
static void expect(stralloc *notes, span in)
{
	char const *nul;

	while (in.n && (nul = memchr(in.s, 0, in.n))) {
		size_t n = (size_t)(nul - in.s);
		int foop = n >= 5 && memcmp(in.s, "foop/", 5) == 0;
		int todo = n >= 5 && memcmp(in.s, "todo/", 5) == 0;
		int ok = 0;
		uint64_t id = foop || todo ? number(in.s + 5, n - 5, &ok) : 0;

		if (ok && n + 1 <= CLEAN_REQUEST_MAX) {
			fuzz_putn(notes, CLEAN_READY);
			fuzz_putn(notes, foop ? CLEAN_FOOP : CLEAN_TODO);
			fuzz_putn(notes, id);
		} else {
			fuzz_putn(notes, CLEAN_MALFORMED);
		}
		in.s += n + 1;
		in.n -= n + 1;
	}
}

static void check_written(uint64_t id, clean_verb verb)
{
	char s[CLEAN_FMT];
	clean_request r = CLEAN_REQUEST_ZERO;
	size_t pos = 0;
	size_t n = clean_fmt(s, verb, id);

	HOLDS(n <= sizeof s);
	HOLDS(clean_next(&r, s, n, &pos) == CLEAN_READY && pos == n);
	HOLDS(r.verb == verb && r.id == id);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	span in = fuzz_whole(data, size);
	stralloc known = STRALLOC_ZERO;
	uint64_t id = 0;
	cut c;

	expect(&known, in);
	for (c = CUT_NOT; c < CUTS; c++) {
		stralloc notes = STRALLOC_ZERO;

		feed(&notes, in, c);
		fuzz_agree(&known, &notes);
	}
	stralloc_free(&known);
	memcpy(&id, in.s, in.n < sizeof id ? in.n : sizeof id);
	check_written(id, CLEAN_FOOP);
	check_written(id, CLEAN_TODO);
	return 0;
}
