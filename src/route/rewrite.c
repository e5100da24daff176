/* SPDX-License-Identifier: ISC */

#include "route/rewrite.h"

#include <string.h>

#include "base/text.h"
#include "route/suffix.h"

/* Steps 1 and 2. Returns 0 when out of memory. */
static int normalise(rewrite_tables const *t, stralloc *sa)
{
	size_t at = text_rchr(sa->s, sa->len, '@');

	if (at == sa->len) {
		if (!stralloc_append(sa, '@') || !stralloc_catb(sa, t->envnoathost, t->envnoathostlen))
			return 0;
		/* Nobody calls a host a@b; but if he does, what follows goes by the last @, too. */
		at = text_rchr(sa->s, sa->len, '@');
	}
	while (constmap_find(&t->percenthack, sa->s + at + 1, sa->len - at - 1)) {
		size_t percent = text_rchr(sa->s, at, '%');

		if (percent == at)
			break;
		sa->len = at;
		sa->s[percent] = '@';
		at = percent;
	}
	return 1;
}

constmap_entry const *rewrite_virtual(rewrite_tables const *t, char const *domain, size_t n)
{
	return suffix_find(&t->virtualdomains, domain, n, 1);
}

rewrite_route rewrite_address(rewrite_tables const *t, stralloc *out, char const *address, size_t n)
{
	constmap_entry const *e;
	size_t domain;

	/* Room for the @ at least, so that an empty address has a buffer to point into. */
	if (!stralloc_ready(out, n + 1))
		return REWRITE_NOMEM;
	out->len = 0;
	if (!stralloc_catb(out, address, n) || !normalise(t, out))
		return REWRITE_NOMEM;
	domain = text_rchr(out->s, out->len, '@') + 1;
	if (constmap_find(&t->locals, out->s + domain, out->len - domain))
		return REWRITE_LOCAL;
	e = constmap_find(&t->virtualdomains, out->s, out->len);
	if (!e)
		e = rewrite_virtual(t, out->s + domain, out->len - domain);
	if (!e || !e->valuelen)
		return REWRITE_REMOTE;
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
