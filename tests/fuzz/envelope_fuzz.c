/* SPDX-License-Identifier: ISC */

/* Input: what the caller of qmail-queue writes to its descriptor 1. */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "proto/envelope.h"

typedef struct verdict
{
	envelope_status status;
	size_t used;            /* what goes into todo/N */
} verdict;

static verdict feed(span in, cut c)
{
	envelope e = ENVELOPE_ZERO;
	verdict v = { ENVELOPE_MORE, 0 };
	uint32_t state = 0;
	size_t pos = 0;

	while (pos < in.n && v.status == ENVELOPE_MORE) {
		size_t n = fuzz_piece(c, &state, in.n - pos);
		char *block = fuzz_copy((span){ in.s + pos, n });
		size_t used;

		v.status = envelope_check(&e, block, n, &used);
		HOLDS(used <= n && (used == n || v.status != ENVELOPE_MORE));
		v.used += used;
		pos += n;
		free(block);
	}
	return v;
}

/* Record by record. */
static verdict decide(span in)
{
	size_t pos = 0;
	char letter = 'F';

	while (pos < in.n) {
		char const *nul;
		size_t len;

		if (letter == 'T' && in.s[pos] == 0)
			return (verdict){ ENVELOPE_DONE, pos };
		if (in.s[pos] != letter)
			return (verdict){ ENVELOPE_BAD, 0 };
		pos++;
		nul = pos < in.n ? memchr(in.s + pos, 0, in.n - pos) : 0;
		len = nul ? (size_t)(nul - (in.s + pos)) : in.n - pos;
		if (len > ENVELOPE_ADDRESS_MAX)
			return (verdict){ ENVELOPE_TOOLONG, 0 };
		pos += len + (nul != 0);
		letter = 'T';
	}
	return (verdict){ ENVELOPE_MORE, in.n };
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	span in = fuzz_whole(data, size);
	verdict expected = decide(in);
	size_t n;
	cut c;

	for (c = CUT_NOT; c < CUTS; c++) {
		verdict v = feed(in, c);

		HOLDS(v.status == expected.status);
		HOLDS(v.used == expected.used || v.status == ENVELOPE_BAD || v.status == ENVELOPE_TOOLONG);
	}
	/* Whatever is cut off an envelope, its end is gone, and it will not be queued. */
	if (expected.status == ENVELOPE_DONE)
		for (n = 0; n <= expected.used && n < 600; n++)
			HOLDS(feed((span){ in.s, n }, CUT_NOT).status == ENVELOPE_MORE);
	return 0;
}
