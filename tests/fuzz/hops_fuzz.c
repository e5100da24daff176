/* SPDX-License-Identifier: ISC */

/* Input: a message. Its hops are counted (mail/hops.h) and its header is taken apart (hsplit.h, hfield.h). */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "mail/hfield.h"
#include "mail/hops.h"
#include "mail/hsplit.h"

/* Whether the line is a field of that name. */
static int is_field(span line, char const *name)
{
	size_t n = strlen(name);

	if (line.n < n || strncasecmp(line.s, name, n) != 0)
		return 0;
	while (n < line.n && (line.s[n] == ' ' || line.s[n] == '\t'))
		n++;
	return n < line.n && line.s[n] == ':';
}

/* Lines up to the first that is empty, counted one by one. */
static hops count_hops(span in)
{
	hops h = HOPS_ZERO;

	while (in.n) {
		int ended = memchr(in.s, '\n', in.n) != 0;
		span line = fuzz_line(&in);

		if (ended && (line.n == 0 || (line.n == 1 && line.s[0] == '\r')))
			break;
		if (is_field(line, "received") || is_field(line, "delivered-to"))
			h.count++;
		else if ((line.n >= 8 && strncasecmp(line.s, "received", 8) == 0)
		 || (line.n >= 9 && strncasecmp(line.s, "delivered", 9) == 0))
			h.others++;
	}
	return h;
}

static hops feed_hops(span in, cut c)
{
	hops h = HOPS_ZERO;
	pieces p = PIECES(in, c);

	while (fuzz_next(&p))
		hops_feed(&h, p.block, p.n);
	fuzz_done(&p);
	return h;
}

typedef struct seen
{
	stralloc *notes;
	stralloc all;           /* the fields, one behind the other */
	size_t max;
} seen;

static int take_field(void *data, char const *s, size_t n)
{
	seen *x = data;
	size_t body = hfield_body(s, n);
	size_t name = hfield_name(s, n);

	HOLDS(n > 0 && n <= x->max);
	HOLDS(body <= n && name <= body);
	HOLDS(name == 0 || memchr(s + name, ':', n - name));
	HOLDS(hfield_known(s, n) == HFIELD_OTHER || name > 0);
	HOLDS(n == x->max || hfield_starts(s, n));
	fuzz_put(x->notes, s, n);
	fuzz_putn(x->notes, hfield_known(s, n));
	fuzz_memory(stralloc_catb(&x->all, s, n));
	return 1;
}

static void split(stralloc *notes, span in, cut c, size_t max)
{
	hsplit h = HSPLIT_INIT(max);
	seen x = { .notes = notes, .all = STRALLOC_ZERO, .max = max };
	uint32_t state = 0;
	size_t pos = 0;

	while (pos < in.n && !h.body) {
		size_t n = fuzz_piece(c, &state, in.n - pos);
		char *block = fuzz_copy((span){ in.s + pos, n });
		ssize_t used = hsplit_feed(&h, block, n, take_field, &x);

		HOLDS(used >= 0 && (size_t)used <= n && (h.body || (size_t)used == n));
		HOLDS(h.field.len <= max && h.line.len <= max);
		pos += (size_t)used;
		free(block);
	}
	HOLDS(hsplit_end(&h, take_field, &x));
	/* Nothing is lost between the fields and the line that ended them. */
	if (in.n + 1 < max) {
		fuzz_memory(stralloc_catb(&x.all, h.line.s, h.line.len));
		HOLDS(x.all.len >= pos && x.all.len <= pos + 1);
		HOLDS(pos == 0 || memcmp(x.all.s, in.s, pos) == 0);
	}
	fuzz_putn(notes, pos);
	fuzz_put(notes, h.line.s, h.line.len);
	stralloc_free(&x.all);
	hsplit_free(&h);
}

static void check_split(span in, size_t max)
{
	stralloc known = STRALLOC_ZERO;
	cut c;

	split(&known, in, CUT_NOT, max);
	for (c = CUT_BYTES; c < CUTS; c++) {
		stralloc notes = STRALLOC_ZERO;

		split(&notes, in, c, max);
		fuzz_agree(&known, &notes);
	}
	stralloc_free(&known);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	span in = fuzz_whole(data, size);
	hops expected = count_hops(in);
	cut c;

	for (c = CUT_NOT; c < CUTS; c++) {
		hops h = feed_hops(in, c);

		HOLDS(h.count == expected.count && h.others == expected.others);
	}
	check_split(in, 1 << 20);
	check_split(in, 20);
	return 0;
}
