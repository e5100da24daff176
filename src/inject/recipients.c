/* SPDX-License-Identifier: ISC */

#include "inject/recipients.h"

#include <string.h>

#include "base/text.h"
#include "inject/limits.h"
#include "mail/argument.h"
#include "mail/quote.h"

enum { SHOWN_MAX = 4096 };     /* enough of a field to know it by */

static size_t total(recipients const *r)
{
	size_t sum = 0;
	int i;

	for (i = 0; i < RECIPIENTS_LISTS; i++)
		sum += r->list[i].len;
	return sum;
}

static int finish(recipients *r, stralloc *sa, fault *f)
{
	if (!stralloc_0(sa))
		return fault_errno(f, FAULT_NOMEM);
	return total(r) <= LIMIT_RECIPIENTS || fault_set(f, FAULT_RECIPIENTS_LONG, "", 0);
}

int recipients_text_ok(char const *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((unsigned char)s[i] < ' ')
			return 0;
	return 1;
}

void recipients_refuse(recipients *r, recipients_list which, fault_kind kind, char const *field, size_t n)
{
	fault_set(&r->trouble[which], kind, field, n < SHOWN_MAX ? n : SHOWN_MAX);
}

int recipients_add(recipients *r, recipients_list which, addrlist_address const *a, char const *field, size_t n,
	fault *f)
{
	stralloc *sa = &r->list[which];
	size_t start = sa->len;

	if (!addrlist_text(sa, a))
		return fault_errno(f, FAULT_NOMEM);
	if (sa->len > start && recipients_text_ok(sa->s + start, sa->len - start))
		return finish(r, sa, f);
	recipients_refuse(r, which, sa->len > start ? FAULT_BYTE : FAULT_NOBODY, field, n);
	sa->len = start;
	return 1;
}

int recipients_add_text(recipients *r, recipients_list which, char const *s, size_t n, fault *f)
{
	stralloc *sa = &r->list[which];

	return stralloc_catb(sa, s, n) ? finish(r, sa, f) : fault_errno(f, FAULT_NOMEM);
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
static int quote_argument(stralloc *sa, char const *s, size_t n)
{
	if (n == 0)
		return 1;
	return text_rchr(s, n, '@') == n ? quote_box(sa, s, n) : quote_address(sa, s, n);
}

/* An argument is one address: no < or > is left, and no two words stand side by side. */
static int is_one(token822_list const *l)
{
	int after_word = 0;
	size_t i;

	for (i = 0; i < l->count; i++) {
		token822_type type = token822_at(l, i);
		int word = token822_is_word(type) && type != TOKEN822_COMMENT;

		if (type == TOKEN822_LEFT || type == TOKEN822_RIGHT || (word && after_word))
			return 0;
		if (type != TOKEN822_COMMENT)
			after_word = word;
	}
	return 1;
}

/* The argument, quoted, as tokens. */
static token822_status parse_argument(token822_list *l, stralloc *quoted, char const *argument)
{
	char const *s;
	size_t n;
	int bare = argument_bare(argument, &s, &n);
	token822_status status;

	if (!quote_argument(quoted, s, n))
		return TOKEN822_FAILED;
	status = token822_parse(l, quoted->s, quoted->len);
	if (status != TOKEN822_OK)
		return status;
	return bare && recipients_text_ok(s, n) && is_one(l) ? TOKEN822_OK : TOKEN822_BAD;
}

int recipients_argument(stralloc *sa, char const *argument, complete_rules const *rules, fault_kind kind,
	fault *f)
{
	stralloc quoted = STRALLOC_ZERO;
	token822_list l = TOKEN822_LIST_ZERO;
	addrlist_address a = { .n = 1 };
	token822_status status = parse_argument(&l, &quoted, argument);
	int ok = 0;

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
