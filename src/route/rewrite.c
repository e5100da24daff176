/* SPDX-License-Identifier: ISC */

#include "route/rewrite.h"

#include <string.h>

#include "base/text.h"

/* Who is told why. */
typedef struct listener
{
	rewrite_watch *watch;   /* null: nobody */
	void *data;
} listener;

static void tell(listener const *l, rewrite_reason why, constmap_entry const *e, stralloc const *sa)
{
	if (l->watch)
		l->watch(l->data, why, e, sa->s, sa->len);
}

/* Steps 1 and 2. Returns 0 when out of memory. */
static int normalise(rewrite_tables const *t, stralloc *sa, listener const *l)
{
	size_t at = text_rchr(sa->s, sa->len, '@');
	constmap_entry const *e;

	if (at == sa->len) {
		if (!stralloc_append(sa, '@') || !stralloc_catb(sa, t->envnoathost, t->envnoathostlen))
			return 0;
		/* Nobody calls a host a@b; but if he does, what follows goes by the last @, too. */
		at = text_rchr(sa->s, sa->len, '@');
		tell(l, REWRITE_APPENDED, 0, sa);
	}
	while ((e = constmap_find(&t->percenthack, sa->s + at + 1, sa->len - at - 1))) {
		size_t percent = text_rchr(sa->s, at, '%');

		if (percent == at)
			break;
		sa->len = at;
		sa->s[percent] = '@';
		at = percent;
		tell(l, REWRITE_PERCENT, e, sa);
	}
	return 1;
}

constmap_entry const *rewrite_virtual(rewrite_tables const *t, char const *domain, size_t n)
{
	return suffix_find(&t->virtualdomains, domain, n, 1);
}

void rewrite_search_start(rewrite_search *s, char const *address, size_t n)
{
	size_t at = text_rchr(address, n, '@');
	size_t domain = at < n ? at + 1 : n;

	s->address = address;
	s->n = n;
	s->whole = 1;
	suffix_start(&s->domain, address + domain, n - domain, 1);
}

constmap_entry const *rewrite_search_next(rewrite_search *s, rewrite_tables const *t)
{
	constmap_entry const *e = s->whole ? constmap_find(&t->virtualdomains, s->address, s->n) : 0;

	s->whole = 0;
	return e ? e : suffix_next(&s->domain, &t->virtualdomains);
}

rewrite_route rewrite_address(rewrite_tables const *t, stralloc *out, char const *address, size_t n)
{
	return rewrite_watched(t, out, address, n, 0, 0);
}

rewrite_route rewrite_watched(rewrite_tables const *t, stralloc *out, char const *address, size_t n,
	rewrite_watch *watch, void *data)
{
	listener const l = { .watch = watch, .data = data };
	rewrite_search search;
	constmap_entry const *e;
	size_t domain;

	/* Room for the @ at least, so that an empty address has a buffer to point into. */
	if (!stralloc_ready(out, n + 1))
		return REWRITE_NOMEM;
	out->len = 0;
	if (!stralloc_catb(out, address, n) || !normalise(t, out, &l))
		return REWRITE_NOMEM;
	domain = text_rchr(out->s, out->len, '@') + 1;
	e = constmap_find(&t->locals, out->s + domain, out->len - domain);
	if (e)
		return tell(&l, REWRITE_LOCALS, e, out), REWRITE_LOCAL;
	rewrite_search_start(&search, out->s, out->len);
	e = rewrite_search_next(&search, t);
	if (e && !e->valuelen && t->empty_is_local)
		return tell(&l, REWRITE_EMPTY, e, out), REWRITE_LOCAL;
	if (!e || !e->valuelen)
		return tell(&l, e ? REWRITE_UNTOUCHED : REWRITE_ELSE, e, out), REWRITE_REMOTE;
	tell(&l, REWRITE_VIRTUAL, e, out);
	if (!stralloc_insertb(out, 0, "-", 1) || !stralloc_insertb(out, 0, e->value, e->valuelen))
		return REWRITE_NOMEM;
	return REWRITE_LOCAL;
}

size_t rewrite_undo(rewrite_tables const *t, char const *recipient, size_t n)
{
	size_t at = text_rchr(recipient, n, '@');
	constmap_entry const *e;

	if (at == n)
		return 0;
	e = rewrite_virtual(t, recipient + at + 1, n - at - 1);
	if (!e || !e->valuelen || e->valuelen >= n || recipient[e->valuelen] != '-'
	 || memcmp(recipient, e->value, e->valuelen) != 0)
		return 0;
	return e->valuelen + 1;
}
