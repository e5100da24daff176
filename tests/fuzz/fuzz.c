/* SPDX-License-Identifier: ISC */

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_broken(char const *property, char const *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, property);
	abort();
}

span fuzz_whole(uint8_t const *data, size_t size)
{
	return (span){ .s = size ? (char const *)data : "", .n = size };
}

static span take(span *in, char end)
{
	char const *found = in->n ? memchr(in->s, end, in->n) : 0;
	span x = { .s = in->s, .n = found ? (size_t)(found - in->s) : in->n };
	size_t used = found ? x.n + 1 : x.n;

	in->s += used;
	in->n -= used;
	return x;
}

span fuzz_section(span *in)
{
	return take(in, '\f');
}

span fuzz_line(span *in)
{
	return take(in, '\n');
}

int fuzz_same(span a, span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.s, b.s, a.n) == 0);
}

static int upper(char c)
{
	return c >= 'a' && c <= 'z' ? c - 32 : c;
}

int fuzz_same_fold(span a, span b)
{
	size_t i;

	if (a.n != b.n)
		return 0;
	for (i = 0; i < a.n; i++)
		if (upper(a.s[i]) != upper(b.s[i]))
			return 0;
	return 1;
}

size_t fuzz_piece(cut c, uint32_t *state, size_t n)
{
	size_t len;

	if (c == CUT_NOT || n == 0)
		return n;
	if (c == CUT_BYTES)
		return 1;
	*state = *state * 1664525 + 1013904223 + (uint32_t)n;
	len = 1 + (*state >> 16) % 17;
	return len < n ? len : n;
}

int fuzz_next(pieces *p)
{
	fuzz_done(p);
	p->n = fuzz_piece(p->cut, &p->state, p->left.n);
	if (p->n == 0)
		return 0;
	p->block = fuzz_copy((span){ p->left.s, p->n });
	p->left.s += p->n;
	p->left.n -= p->n;
	return 1;
}

void fuzz_done(pieces *p)
{
	free(p->block);
	p->block = 0;
}

void fuzz_put(stralloc *sa, char const *s, size_t n)
{
	fuzz_putn(sa, n);
	if (n && !stralloc_catb(sa, s, n))
		abort();
}

void fuzz_putn(stralloc *sa, uint64_t n)
{
	if (!stralloc_catb(sa, (char const *)&n, sizeof n))
		abort();
}

void fuzz_agree(stralloc const *known, stralloc *notes)
{
	HOLDS(fuzz_same((span){ known->s, known->len }, (span){ notes->s, notes->len }));
	stralloc_free(notes);
}

char *fuzz_copy(span x)
{
	char *s = malloc(x.n + 1);

	if (!s)
		abort();
	if (x.n)
		memcpy(s, x.s, x.n);
	s[x.n] = 0;
	return s;
}

int fuzz_netstring(span *in, span *content)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < in->n && in->s[i] >= '0' && in->s[i] <= '9' && n <= 200000000; i++) {
		if (i == 1 && in->s[0] == '0')
			return 0;
		n = n * 10 + (uint64_t)(in->s[i] - '0');
	}
	if (i == 0 || i == in->n || in->s[i] != ':' || n >= in->n - i - 1 || in->s[i + 1 + n] != ',')
		return 0;
	*content = (span){ in->s + i + 1, (size_t)n };
	in->s += i + 1 + n + 1;
	in->n -= i + 1 + (size_t)n + 1;
	return 1;
}

void fuzz_memory(int ok)
{
	if (!ok)
		abort();
}
