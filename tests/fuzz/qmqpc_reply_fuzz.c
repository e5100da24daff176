/* SPDX-License-Identifier: ISC */

/* Input: what a server answers to qmail-qmqpc. */

#include <string.h>

#include "fuzz.h"
#include "qmqpc/reply.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	span in = fuzz_whole(data, size);
	reply r = REPLY_ZERO;
	reply_status status = REPLY_MORE;
	size_t colon = 0;
	size_t pos, i;

	for (pos = 0; pos < in.n && status == REPLY_MORE; pos++) {
		status = reply_feed(&r, in.s[pos]);
		HOLDS(r.len <= REPLY_TEXT_MAX && r.len <= pos);
		HOLDS(status == REPLY_BAD || r.verdict == 0 || strchr("KZD", r.verdict));
		if (!colon && in.s[pos] == ':')
			colon = pos + 1;
	}
	for (i = 0; i < r.len; i++)
		HOLDS((unsigned char)r.text[i] >= 32 && r.text[i] != 127);
	/* Nobody decides but the server: in its first byte, or behind its first colon. */
	if (r.verdict && status != REPLY_BAD)
		HOLDS(r.verdict == in.s[0] || (colon && r.verdict == in.s[colon]));
	return 0;
}
