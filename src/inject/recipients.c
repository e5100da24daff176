/* SPDX-License-Identifier: ISC */

#include "inject/recipients.h"

#include <string.h>

#include "base/text.h"
#include "inject/limits.h"
#include "mail/quote.h"

static size_t total(recipients const *r)
{
	size_t sum = 0;
	int i;

	for (i = 0; i < RECIPIENTS_LISTS; i++)
		sum += r->list[i].len;
	return sum;
}

/* *sa holds an address from start on: end it, at its first NUL if it has one. */
static int finish(recipients *r, stralloc *sa, size_t start, fault *f)
{
	char const *nul;

	if (!stralloc_0(sa))
		return fault_errno(f, FAULT_NOMEM);
	nul = memchr(sa->s + start, 0, sa->len - start);
	sa->len = (size_t)(nul - sa->s) + 1;
	if (total(r) > LIMIT_RECIPIENTS)
		return fault_set(f, FAULT_RECIPIENTS_LONG, "", 0);
	return 1;
}

int recipients_add(recipients *r, recipients_list which, addrlist_address const *a, fault *f)
{
	stralloc *sa = &r->list[which];
	size_t start = sa->len;

	return addrlist_text(sa, a) ? finish(r, sa, start, f) : fault_errno(f, FAULT_NOMEM);
}

int recipients_add_text(recipients *r, recipients_list which, char const *s, size_t n, fault *f)
{
	stralloc *sa = &r->list[which];
	size_t start = sa->len;

	return stralloc_catb(sa, s, n) ? finish(r, sa, start, f) : fault_errno(f, FAULT_NOMEM);
}

char const *recipients_next(recipients const *r, recipients_list which, size_t *i)
{
	stralloc const *sa = &r->list[which];
	char const *s = sa->s + *i;

	if (*i >= sa->len)
		return 0;
	*i += strlen(s) + 1;
	return s;
}

/* Unlike in an envelope, what has no host needs its quotes too. */
static int quote_argument(stralloc *sa, char const *s)
{
	size_t n = strlen(s);

	if (n == 0)
		return 1;
	return text_rchr(s, n, '@') == n ? quote_box(sa, s, n) : quote_address(sa, s, n);
}

int recipients_argument(stralloc *sa, char const *argument, complete_rules const *rules, fault_kind kind,
	fault *f)
{
	stralloc quoted = STRALLOC_ZERO;
	token822_list l = TOKEN822_LIST_ZERO;
	addrlist_address a = { .n = 1 };
	token822_status status;
	int ok = 0;

	status = quote_argument(&quoted, argument) ? token822_parse(&l, quoted.s, quoted.len) : TOKEN822_FAILED;
	if (status == TOKEN822_OK) {
		a.run[0] = (addrlist_run){ .list = &l, .from = 0, .to = l.count, .comments = 1 };
		complete_address(&a, rules);
		ok = addrlist_text(sa, &a) || fault_errno(f, FAULT_NOMEM);
	} else if (status == TOKEN822_FAILED) {
		fault_errno(f, FAULT_NOMEM);
	} else if (kind == FAULT_LINE) {
		fault_set(f, kind, quoted.s, quoted.len);
	} else {
		fault_set(f, kind, argument, strlen(argument));
	}
	token822_free(&l);
	stralloc_free(&quoted);
	return ok;
}
