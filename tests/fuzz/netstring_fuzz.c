/* SPDX-License-Identifier: ISC */

/* Input: netstrings, one behind the other, from a client. */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "memory.h"
#include "net/netstring.h"

enum { ROOM = 40, AROUND = 60 };

static conn wire;

/* The next netstring of in: OK and where its content is; or why it is none. Told without a machine. */
static netstring_status expect(span *in, span *content, uint64_t around)
{
	uint64_t n = 0;
	size_t i = 0;

	while (i < in->n && in->s[i] != ':') {
		if (in->s[i] < '0' || in->s[i] > '9' || (i == 1 && in->s[0] == '0'))
			return n > NETSTRING_MAX ? NETSTRING_TOO_LONG : NETSTRING_BAD;
		if (n > NETSTRING_MAX)
			return NETSTRING_TOO_LONG;
		n = n * 10 + (uint64_t)(in->s[i] - '0');
		i++;
		if (i == around)
			return NETSTRING_BAD;
	}
	if (i == in->n)
		return NETSTRING_END;
	if (n > NETSTRING_MAX)
		return NETSTRING_TOO_LONG;
	i++;
	if (i == 1 || i >= around || n >= around - i)
		return NETSTRING_BAD;
	content->s = in->s + i;
	if (in->n - i <= n)
		return NETSTRING_END;
	content->n = (size_t)n;
	in->s = content->s + n + 1;
	in->n -= i + (size_t)n + 1;
	return content->s[n] == ',' ? NETSTRING_OK : NETSTRING_BAD;
}

static netstring_status take(netstring_in *in, char *buf, uint64_t *n, int *fits)
{
	netstring_status status = netstring_start(in, n);

	if (status != NETSTRING_OK)
		return status;
	HOLDS(*n <= NETSTRING_MAX);
	return netstring_take(in, *n, buf, ROOM, fits);
}

/* left: NETSTRING_OPEN, or all of it stands in a netstring of that length. */
static void check(span in, cut c, int64_t left)
{
	netstring_in reader = { .conn = &wire, .left = left };
	char *buf = malloc(ROOM);
	netstring_status status;

	fuzz_memory(buf != 0);
	memory_start(in, c);
	conn_open(&wire, 0, 1, 1);
	do {
		uint64_t around = left == NETSTRING_OPEN ? UINT64_MAX : (uint64_t)reader.left;
		span content;
		uint64_t n = 0;
		int fits = 0;
		netstring_status expected = around ? expect(&in, &content, around) : NETSTRING_BAD;

		status = take(&reader, buf, &n, &fits);
		HOLDS(status == expected);
		HOLDS(reader.left >= -1 && reader.left <= left);
		if (status == NETSTRING_OK) {
			HOLDS(n == content.n && fits == (n <= ROOM));
			HOLDS(!fits || fuzz_same((span){ buf, content.n }, content));
		}
	} while (status == NETSTRING_OK);
	free(buf);
}

/* What is written is read as it was. */
static void check_written(span in)
{
	char head[NETSTRING_HEAD_FMT];
	size_t n = netstring_head(head, in.n);
	netstring_length l = NETSTRING_LENGTH_ZERO;
	size_t i;

	HOLDS(n > 1 && n <= sizeof head);
	for (i = 0; i < n; i++)
		HOLDS(netstring_length_feed(&l, head[i]) == (i + 1 < n ? NETSTRING_MORE : NETSTRING_OK));
	HOLDS(l.value == in.n);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	span in = fuzz_whole(data, size);
	cut c;

	for (c = CUT_NOT; c < CUTS; c++) {
		check(in, c, NETSTRING_OPEN);
		check(in, c, AROUND);
	}
	check_written(in);
	memory_free();
	return 0;
}
