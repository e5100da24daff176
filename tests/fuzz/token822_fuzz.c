/* SPDX-License-Identifier: ISC */

/* Input: what stands in a field of addresses. One special byte alone stands for a hundred thousand of it. */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "mail/addrlist.h"
#include "mail/complete.h"
#include "mail/token822.h"

enum { DEEP = 100000, WIDTH = 60, MAX = 1 << 20 };

/* In front of the input: two tokens that are no addresses. */
static char const name[] = "To: ";
enum { NAME = sizeof name - 1, FIRST = 2 };

/* ---- tokens ---------------------------------------------------------------------------------------------------- */

/* The tokens with blanks between them, so that none grows together with the next. */
static void print(stralloc *sa, token822_list const *l)
{
	size_t i;

	sa->len = 0;
	for (i = 0; i < l->count; i++) {
		if (i > 0)
			fuzz_memory(stralloc_append(sa, ' '));
		fuzz_memory(token822_print(sa, l, i));
	}
}

/* A dot that a backslash has made part of an atom comes out as one between atoms: it is the same address. */
static void note_atom(stralloc *notes, span text)
{
	while (text.n) {
		char const *dot = memchr(text.s, '.', text.n);
		size_t n = dot ? (size_t)(dot - text.s) : text.n;

		if (n > 0) {
			fuzz_putn(notes, TOKEN822_ATOM);
			fuzz_put(notes, text.s, n);
		}
		if (dot) {
			fuzz_putn(notes, TOKEN822_DOT);
			fuzz_put(notes, ".", 1);
			n++;
		}
		text = (span){ text.s + n, text.n - n };
	}
}

static void note_tokens(stralloc *notes, token822_list const *l)
{
	stralloc text = STRALLOC_ZERO;
	size_t i;

	for (i = 0; i < l->count; i++) {
		token822_type type = token822_at(l, i);

		text.len = 0;
		fuzz_memory(token822_cat(&text, l, i));
		HOLDS(text.len <= l->n);
		if (token822_is_word(type)) {
			HOLDS(token822_empty(l, i) == (text.len == 0));
			HOLDS(token822_ends(l, i, '+') == (text.len > 0 && text.s[text.len - 1] == '+'));
		} else {
			HOLDS(text.len == 1);
		}
		if (type == TOKEN822_ATOM) {
			note_atom(notes, (span){ text.s, text.len });
		} else {
			fuzz_putn(notes, type);
			fuzz_put(notes, text.s, text.len);
		}
	}
	stralloc_free(&text);
}

/* What is printed is read as the same tokens. */
static void check_tokens(token822_list const *l)
{
	token822_list again = TOKEN822_LIST_ZERO;
	stralloc text = STRALLOC_ZERO;
	stralloc known = STRALLOC_ZERO;
	stralloc notes = STRALLOC_ZERO;

	HOLDS(l->count <= l->n);
	print(&text, l);
	HOLDS(text.len <= 4 * l->n + 2 * l->count);
	HOLDS(token822_parse(&again, text.s, text.len) == TOKEN822_OK);
	note_tokens(&known, l);
	note_tokens(&notes, &again);
	fuzz_agree(&known, &notes);
	stralloc_free(&known);
	stralloc_free(&text);
	token822_free(&again);
}

/* ---- addresses ------------------------------------------------------------------------------------------------- */

static int take(void *data, addrlist_address const *a)
{
	stralloc text = STRALLOC_ZERO;

	fuzz_memory(addrlist_text(&text, a));
	/* One that is empty may be gone when the field is printed. */
	HOLDS(!addrlist_is_empty(a) || text.len == 0);
	if (text.len)
		fuzz_put(data, text.s, text.len);
	stralloc_free(&text);
	return 1;
}

static void set_rules(complete_rules *r)
{
	HOLDS(complete_host_set(&r->defaulthost, '@', "host", 4) == TOKEN822_OK);
	HOLDS(complete_host_set(&r->defaultdomain, '.', "example.org", 11) == TOKEN822_OK);
	HOLDS(complete_host_set(&r->plusdomain, '.', "plus", 4) == TOKEN822_OK);
}

/* One field: each line but the first starts with a blank. */
static int is_field(span text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if (text.s[i] == '\n' && i + 1 < text.n && text.s[i + 1] != ' ' && text.s[i + 1] != '\t')
			return 0;
	return 1;
}

/* Completing takes one dot and one @ from the end, not more (addresses(5)): d@.@ becomes d@. and stays that only
 * if it is not completed again. */
static void leave(addrlist_address *a, void const *rules)
{
	(void)a;
	(void)rules;
}

/* The field as it goes out is read as the same addresses, and printed as it is. */
static void check_printed(token822_list const *l, complete_rules const *rules, stralloc const *addresses)
{
	token822_list again = TOKEN822_LIST_ZERO;
	stralloc text = STRALLOC_ZERO;
	stralloc twice = STRALLOC_ZERO;
	stralloc notes = STRALLOC_ZERO;

	HOLDS(addrlist_print(&text, l, WIDTH, MAX, complete_address, rules) == TOKEN822_OK);
	HOLDS(is_field((span){ text.s, text.len }) || !is_field((span){ l->s, l->n }));
	HOLDS(token822_parse(&again, text.s, text.len) == TOKEN822_OK);
	HOLDS(addrlist_walk(&again, FIRST, leave, 0, take, &notes) == TOKEN822_OK);
	fuzz_agree(addresses, &notes);
	HOLDS(addrlist_print(&twice, &again, WIDTH, MAX, leave, 0) == TOKEN822_OK);
	HOLDS(fuzz_same((span){ text.s, text.len }, (span){ twice.s, twice.len }));
	stralloc_free(&text);
	stralloc_free(&twice);
	token822_free(&again);
}

static void check_addresses(token822_list *l, int deep)
{
	complete_rules rules = COMPLETE_RULES_ZERO;
	stralloc addresses = STRALLOC_ZERO;

	set_rules(&rules);
	if (addrlist_walk(l, FIRST, complete_address, &rules, take, &addresses) == TOKEN822_OK && !deep)
		check_printed(l, &rules, &addresses);
	stralloc_free(&addresses);
	complete_free(&rules);
}

static token822_status check(span in, int deep)
{
	size_t n = NAME + in.n + 1;
	char *exact = malloc(n);
	token822_list l = TOKEN822_LIST_ZERO;
	token822_status status;

	fuzz_memory(exact != 0);
	memcpy(exact, name, NAME);
	memcpy(exact + NAME, in.s, in.n);
	exact[n - 1] = '\n';
	status = token822_parse(&l, exact, n);
	HOLDS(status == TOKEN822_OK || (status == TOKEN822_BAD && l.count == 0));
	if (status == TOKEN822_OK) {
		check_tokens(&l);
		check_addresses(&l, deep);
	}
	token822_free(&l);
	free(exact);
	return status;
}

/* Nesting, or a run of anything, costs no stack, and time that grows no faster than its length. */
static void check_deep(char c)
{
	static char const closing[][2] = { { '(', ')' }, { '<', '>' }, { '[', ']' }, { ':', ';' } };
	char *s = malloc(2 * DEEP);
	size_t n = DEEP;
	size_t i;

	fuzz_memory(s != 0);
	memset(s, c, DEEP);
	for (i = 0; i < sizeof closing / sizeof closing[0]; i++)
		if (closing[i][0] == c) {
			memset(s + DEEP, closing[i][1], DEEP);
			n = 2 * DEEP;
		}
	HOLDS(check((span){ s, n }, 1) == TOKEN822_OK || (c != '(' && n == DEEP) || c == '[');
	free(s);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	if (size == 1 && memchr("([<:,;@.\"\\", data[0], 10))
		check_deep((char)data[0]);
	else
		check(fuzz_whole(data, size), 0);
	return 0;
}
