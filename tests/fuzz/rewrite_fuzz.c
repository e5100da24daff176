/* SPDX-License-Identifier: ISC */

/* Input, divided by form feeds: an address, envnoathost, what control/locals, percenthack and virtualdomains hold,
 * and, if an empty prepend means local, anything. */

#include <string.h>

#include "base/control.h"
#include "fuzz.h"
#include "route/rewrite.h"

/* ---- the rules once more, without tables ----------------------------------------------------------------------- */

/* The last line of a file whose key, before sep (or all of it if sep is NUL), is key; case does not count. */
static int find(span file, char sep, span key, span *value)
{
	int found = 0;

	while (file.n) {
		span line = fuzz_line(&file);
		char const *split;
		span left;

		while (line.n && strchr(" \t", line.s[line.n - 1]) && line.s[line.n - 1])
			line.n--;
		line.n = strnlen(line.s, line.n);
		if (line.n == 0 || line.s[0] == '#')
			continue;
		split = sep ? memchr(line.s, sep, line.n) : line.s + line.n;
		if (!split)
			continue;
		left = (span){ line.s, (size_t)(split - line.s) };
		if (fuzz_same_fold(left, key)) {
			found = 1;
			*value = sep ? (span){ split + 1, line.n - left.n - 1 } : (span){ "", 0 };
		}
	}
	return found;
}

typedef struct rules { span noat, locals, percent, virtual; int empty_is_local; } rules;

static span host_of(stralloc const *a)
{
	size_t i = a->len;

	while (i > 0 && a->s[i - 1] != '@')
		i--;
	return (span){ a->s + i, a->len - i };
}

/* Of all keys that fit, the address and then the longest. *how: whether one did. */
static span prepend(rules const *r, stralloc const *a, int *how)
{
	span host = host_of(a);
	span value = { "", 0 };
	size_t i;

	*how = find(r->virtual, ':', (span){ a->s, a->len }, &value) || find(r->virtual, ':', host, &value);
	for (i = 0; i < host.n && !*how; i++)
		if (host.s[i] == '.')
			*how = find(r->virtual, ':', (span){ host.s + i, host.n - i }, &value);
	if (!*how)
		*how = find(r->virtual, ':', (span){ "", 0 }, &value);
	return value;
}

static rewrite_route decide(rules const *r, stralloc *out, span address)
{
	span ignored, value;
	int how;

	fuzz_memory(stralloc_copyb(out, address.s, address.n));
	if (!memchr(address.s, '@', address.n))
		fuzz_memory(stralloc_append(out, '@') && stralloc_catb(out, r->noat.s, r->noat.n));
	while (find(r->percent, 0, host_of(out), &ignored)) {
		size_t box = out->len - host_of(out).n - 1;
		char *percent = box ? memrchr(out->s, '%', box) : 0;

		if (!percent)
			break;
		*percent = '@';
		out->len = box;
	}
	if (find(r->locals, 0, host_of(out), &ignored))
		return REWRITE_LOCAL;
	value = prepend(r, out, &how);
	if (!how || value.n == 0)
		return how && r->empty_is_local ? REWRITE_LOCAL : REWRITE_REMOTE;
	fuzz_memory(stralloc_insertb(out, 0, "-", 1) && stralloc_insertb(out, 0, value.s, value.n));
	return REWRITE_LOCAL;
}

/* ---- the code --------------------------------------------------------------------------------------------------- */

typedef struct lists { control_list locals, percent, virtual; } lists;

static void load(rewrite_tables *t, lists *l, rules const *r)
{
	*t = (rewrite_tables){ .envnoathost = r->noat.s, .envnoathostlen = r->noat.n, .empty_is_local = r->empty_is_local };
	fuzz_memory(control_list_parse(&l->locals, r->locals.s, r->locals.n));
	fuzz_memory(control_list_parse(&l->percent, r->percent.s, r->percent.n));
	fuzz_memory(control_list_parse(&l->virtual, r->virtual.s, r->virtual.n));
	fuzz_memory(constmap_set(&t->locals, &l->locals));
	fuzz_memory(constmap_set(&t->percenthack, &l->percent));
	fuzz_memory(constmap_map(&t->virtualdomains, &l->virtual, ':'));
}

static void unload(rewrite_tables *t, lists *l)
{
	constmap_free(&t->locals);
	constmap_free(&t->percenthack);
	constmap_free(&t->virtualdomains);
	control_list_free(&l->locals);
	control_list_free(&l->percent);
	control_list_free(&l->virtual);
}

/* An address that was not given to a virtual user is at its end: the same rules leave it where it is. */
static void check_again(rewrite_tables const *t, stralloc const *out, rewrite_route route)
{
	stralloc again = STRALLOC_ZERO;

	HOLDS(rewrite_address(t, &again, out->s, out->len) == route);
	HOLDS(fuzz_same((span){ again.s, again.len }, (span){ out->s, out->len }));
	stralloc_free(&again);
}

static void check(rules const *r, span address)
{
	rewrite_tables t;
	lists l = { .locals = CONTROL_LIST_ZERO, .percent = CONTROL_LIST_ZERO, .virtual = CONTROL_LIST_ZERO };
	stralloc expected = STRALLOC_ZERO;
	stralloc out = STRALLOC_ZERO;
	span ignored;
	rewrite_route route = decide(r, &expected, address);
	size_t undone;

	load(&t, &l, r);
	HOLDS(rewrite_address(&t, &out, address.s, address.n) == route);
	HOLDS(fuzz_same((span){ out.s, out.len }, (span){ expected.s, expected.len }));
	undone = rewrite_undo(&t, out.s, out.len);
	HOLDS(undone <= out.len && (undone == 0 || out.s[undone - 1] == '-'));
	if (route == REWRITE_REMOTE || find(r->locals, 0, host_of(&out), &ignored))
		check_again(&t, &out, route);
	stralloc_free(&expected);
	stralloc_free(&out);
	unload(&t, &l);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	span in = fuzz_whole(data, size);
	span address = fuzz_section(&in);
	rules r;

	r.noat = fuzz_section(&in);
	r.locals = fuzz_section(&in);
	r.percent = fuzz_section(&in);
	r.virtual = fuzz_section(&in);
	r.empty_is_local = in.n > 0;
	check(&r, address);
	return 0;
}
