/* SPDX-License-Identifier: ISC */

/* Bytes a second through the machines that see every byte of a message: `make bench-parsers`, or this program with the
 * lengths of lines to try. One processor, no system calls; the best of several rounds, as others may use the machine. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mail/crlf.h"
#include "mail/eod_in.h"
#include "mail/eod_out.h"
#include "mail/fromline.h"
#include "mail/hops.h"

enum { BLOCK = 65536, BLOCKS = 32, ROUNDS = 15 };

static char wire[BLOCK];        /* with CR LF */
static char stored[BLOCK];      /* with LF */
static char out[2 * BLOCK + 16];

static void make(char *s, size_t line, char const *end)
{
	size_t len = strlen(end);
	size_t i;

	for (i = 0; i < BLOCK; i++) {
		size_t at = i % (line + len);

		s[i] = at < line ? (char)('a' + i % 26) : end[at - line];
	}
}

typedef size_t machine(void);

static size_t copy(void)
{
	memcpy(out, wire, BLOCK);
	return BLOCK;
}

static eod_in in_state;
static size_t run_eod_in(void)
{
	size_t used, len;

	if (eod_in_feed(&in_state, wire, BLOCK, &used, out, &len) != EOD_IN_MORE)
		in_state = (eod_in)EOD_IN_ZERO;
	return used;
}

static eod_out out_state;
static size_t run_eod_out(void)
{
	eod_out_feed(&out_state, stored, BLOCK, out);
	return BLOCK;
}

static crlf crlf_state;
static size_t run_crlf(void)
{
	crlf_decode(&crlf_state, out, wire, BLOCK);
	return BLOCK;
}

static fromline from_state = FROMLINE_ZERO;
static size_t run_fromline(void)
{
	fromline_feed(&from_state, out, stored, BLOCK);
	return BLOCK;
}

static hops hops_state;
static size_t run_hops(void)
{
	hops_feed(&hops_state, wire, BLOCK);
	return BLOCK;
}

static struct { char const *name; machine *run; } const machines[] = {
	{ "memcpy", copy },
	{ "eod_in (SMTP in)", run_eod_in },
	{ "eod_out (SMTP out)", run_eod_out },
	{ "crlf (QMTP in)", run_crlf },
	{ "fromline (mbox)", run_fromline },
	{ "hops (a header)", run_hops },
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Gigabytes a second. */
static double measure(machine *run)
{
	double best = 0;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		double start = now();
		double bytes = 0;
		double rate;
		int i;

		for (i = 0; i < BLOCKS; i++)
			bytes += (double)run();
		rate = bytes / (now() - start) / 1e9;
		if (rate > best)
			best = rate;
	}
	return best;
}

static void try(size_t line)
{
	size_t i;

	make(wire, line, "\r\n");
	make(stored, line, "\n");
	for (i = 0; i < sizeof machines / sizeof machines[0]; i++)
		printf("%-20s %6zu %8.2f\n", machines[i].name, line, measure(machines[i].run));
}

int main(int argc, char **argv)
{
	static size_t const lengths[] = { 10, 40, 76, 998 };
	size_t i;

	printf("%-20s %6s %8s\n", "machine", "line", "GB/s");
	if (argc > 1) {
		for (i = 1; i < (size_t)argc; i++)
			try((size_t)strtoul(argv[i], 0, 10));
		return 0;
	}
	for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
		try(lengths[i]);
	return 0;
}
