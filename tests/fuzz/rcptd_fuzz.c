/* SPDX-License-Identifier: ISC */

/* Input: a packet that qmail-rcptd gets, from a client or from its other part. */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "proto/rcptd.h"

/* Once more, byte by byte: from on, n bytes that are a text and no more. */
static int is_text(span in, size_t from, size_t behind, size_t max)
{
	size_t i;

	if (in.n <= from + behind || in.n - from - behind > max)
		return 0;
	for (i = from; i < in.n - behind; i++)
		if (!in.s[i])
			return 0;
	return 1;
}

static void check_question(span in)
{
	static char packet[RCPTD_QUESTION_MAX];
	char const *address;
	size_t n;
	int ok = rcptd_question_read(in.s, in.n, &address, &n);

	HOLDS(ok == (in.n > 0 && in.s[0] == 'R' && is_text(in, 1, 0, RCPTD_ADDRESS_MAX)));
	if (!ok)
		return;
	HOLDS(address == in.s + 1 && n == in.n - 1);
	HOLDS(rcptd_question(packet, address, n) == in.n && memcmp(packet, in.s, in.n) == 0);
}

static void check_look(span in)
{
	static char packet[RCPTD_LOOK_MAX];
	char const *local;
	uint32_t number;
	int ok = rcptd_look_read(in.s, in.n, &number, &local);

	HOLDS(ok == (is_text(in, RCPTD_NUMBER, 1, RCPTD_LOCAL_MAX) && !in.s[in.n - 1]));
	if (!ok)
		return;
	HOLDS(local == in.s + RCPTD_NUMBER && strlen(local) == in.n - RCPTD_NUMBER - 1);
	HOLDS(rcptd_look(packet, number, local, strlen(local)) == in.n && memcmp(packet, in.s, in.n) == 0);
}

static void check_answer(span in)
{
	char packet[RCPTD_FOUND];
	rcptd_answer a;
	uint32_t number;
	int ok = rcptd_found_read(in.s, in.n, &number, &a);

	HOLDS(ok == (in.n == RCPTD_FOUND));
	if (!ok)
		return;
	HOLDS(a == (in.s[RCPTD_NUMBER] == 'Y' ? RCPTD_YES : in.s[RCPTD_NUMBER] == 'N' ? RCPTD_NO : RCPTD_DOUBT));
	rcptd_found(packet, number, a);
	HOLDS(memcmp(packet, in.s, RCPTD_NUMBER) == 0 && packet[RCPTD_NUMBER] == (char)a);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	span in = fuzz_whole(data, size);
	char *copy = fuzz_copy(in);
	static char packet[RCPTD_LOOK_MAX];

	/* Memory of its own, of just that length: without the NUL that fuzz_copy puts behind it. */
	in.s = memcpy(malloc(in.n + !in.n), copy, in.n);
	check_question(in);
	check_look(in);
	check_answer(in);
	/* Whatever the bytes: what is written is read, or is not written. */
	HOLDS((rcptd_look(packet, 1, in.s, in.n) > 0) == is_text(in, 0, 0, RCPTD_LOCAL_MAX));
	HOLDS((rcptd_question(packet, in.s, in.n) > 0) == is_text(in, 0, 0, RCPTD_ADDRESS_MAX));
	free((char *)in.s);
	free(copy);
	return 0;
}
