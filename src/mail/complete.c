/* SPDX-License-Identifier: ISC */

#include "mail/complete.h"

#include <string.h>

token822_status complete_host_set(complete_host *h, char lead, char const *name, size_t n)
{
	h->text.len = 0;
	if (!stralloc_append(&h->text, lead) || !stralloc_catb(&h->text, name, n))
		return TOKEN822_FAILED;
	return token822_parse(&h->tokens, h->text.s, h->text.len);
}

int complete_name_ok(char const *name, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c <= ' ' || c == 127 || memchr("\"(),:;<>@\\", c, 10))
			return 0;
	}
	return n > 0 && name[0] != '#';
}

static int counts(addrlist_run const *r, size_t i)
{
	return r->comments || token822_at(r->list, i) != TOKEN822_COMMENT;
}

/* The last token before i that counts, or r->to if there is none. */
static size_t before(addrlist_run const *r, size_t i)
{
	while (i > r->from)
		if (counts(r, --i))
			return i;
	return r->to;
}

/* The last token of the run, if it is of this type, or r->to. */
static size_t last_of(addrlist_run const *r, token822_type type)
{
	size_t last = before(r, r->to);

	return last < r->to && token822_at(r->list, last) == type ? last : r->to;
}

/* A comment alone is no address, wherever it stands. */
static int is_empty(addrlist_run const *r)
{
	size_t i;

	for (i = r->from; i < r->to; i++)
		if (token822_at(r->list, i) != TOKEN822_COMMENT)
			return 0;
	return 1;
}

/* x@[], which qmail-send gives a meaning of its own. */
static int ends_in_no_host(addrlist_run const *r)
{
	size_t last = last_of(r, TOKEN822_LITERAL);
	size_t at;

	if (last == r->to || !token822_empty(r->list, last))
		return 0;
	at = before(r, last);
	return at < r->to && token822_at(r->list, at) == TOKEN822_AT;
}

/* @a,@b:x@c becomes x@c. */
static void drop_route(addrlist_run *r)
{
	size_t i = r->from;

	while (i < r->to && !counts(r, i))
		i++;
	if (i == r->to || token822_at(r->list, i) != TOKEN822_AT)
		return;
	for (; i < r->to; i++)
		if (counts(r, i) && token822_at(r->list, i) == TOKEN822_COLON)
			break;
	r->from = i < r->to ? i + 1 : r->to;
}

static void drop_last(addrlist_run *r, token822_type type)
{
	r->to = last_of(r, type);
}

static int has_at(addrlist_run const *r)
{
	size_t i;

	for (i = r->from; i < r->to; i++)
		if (token822_at(r->list, i) == TOKEN822_AT)
			return 1;
	return 0;
}

/* Whether the host, what is behind the last @, has a dot or a literal in it. */
static int is_complete(addrlist_address const *a)
{
	size_t k, i;

	for (k = a->n; k > 0; k--) {
		addrlist_run const *r = &a->run[k - 1];

		for (i = r->to; i > r->from; i--) {
			token822_type type = token822_at(r->list, i - 1);

			if (type == TOKEN822_DOT || type == TOKEN822_LITERAL)
				return 1;
			if (type == TOKEN822_AT)
				return 0;
		}
	}
	return 0;
}

static void append(addrlist_address *a, complete_host const *h)
{
	a->run[a->n++] = (addrlist_run){ .list = &h->tokens, .from = 0, .to = h->tokens.count, .comments = 1 };
}

static void expand_plus(addrlist_address *a, complete_host const *plusdomain)
{
	addrlist_run *r = &a->run[a->n - 1];
	size_t last = last_of(r, TOKEN822_ATOM);

	if (last < r->to && token822_ends(r->list, last, '+')) {
		r->chop = 1;
		append(a, plusdomain);
	}
}

void complete_address(addrlist_address *a, void const *data)
{
	complete_rules const *rules = data;
	addrlist_run *r = &a->run[0];

	if (is_empty(r) || ends_in_no_host(r))
		return;
	drop_route(r);
	if (!is_empty(r))
		drop_last(r, TOKEN822_DOT);
	if (!is_empty(r))
		drop_last(r, TOKEN822_AT);
	if (is_empty(r))
		return;
	if (!has_at(r))
		append(a, &rules->defaulthost);
	expand_plus(a, &rules->plusdomain);
	if (!is_complete(a))
		append(a, &rules->defaultdomain);
}

static void free_host(complete_host *h)
{
	token822_free(&h->tokens);
	stralloc_free(&h->text);
}

void complete_free(complete_rules *r)
{
	free_host(&r->defaulthost);
	free_host(&r->defaultdomain);
	free_host(&r->plusdomain);
}
