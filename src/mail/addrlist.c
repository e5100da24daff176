/* SPDX-License-Identifier: ISC */

#include "mail/addrlist.h"

/* Above offset and type of a token are four bits for us. */
static uint32_t const MARK_MEMBER = UINT32_C(1) << 28;  /* belongs to an address, is printed with it */
static uint32_t const MARK_FIRST = UINT32_C(1) << 29;   /* an address is printed before this token */
static uint32_t const MARK_COMMA = UINT32_C(1) << 30;   /* and a comma before that address */
static uint32_t const MARK_ANGLE = UINT32_C(1) << 31;   /* member of an address in < >: comments stay in */

static int marked(token822_list const *l, size_t i, uint32_t marks)
{
	return (l->tokens[i] & marks) == marks;
}

static void mark(token822_list *l, size_t i, uint32_t marks)
{
	l->tokens[i] |= marks;
}

/* ---- from right to left ----------------------------------------------------------------------------- */

typedef struct walk
{
	token822_list *l;
	size_t first;
	size_t i;               /* tokens from here on have been seen */
	size_t end;             /* behind the address being collected; 0: there is none */
	int group;              /* a semicolon waits for its colon */
	int word;               /* a word may come without an operator before it */
	int loose;              /* a group without end has begun: addresses before it */
	int lost;               /* would be lost */
	addrlist_rewriter *rewrite;
	void const *rules;
	addrlist_taker *take;
	void *data;
} walk;

static int take_address(walk *w, size_t end, int comments)
{
	addrlist_address a = { .n = 1 };

	if (!w->take && !w->loose)
		return 1;
	a.run[0] = (addrlist_run){ .list = w->l, .from = w->i, .to = end, .comments = comments };
	w->rewrite(&a, w->rules);
	if (!w->loose)
		return w->take(w->data, &a);
	w->lost = w->lost || !addrlist_is_empty(&a);
	return 1;
}

/* The address that was being collected, if any, ends to the left of what has been seen. */
static int flush(walk *w, uint32_t marks)
{
	size_t end = w->end;

	if (!end)
		return 1;
	w->end = 0;
	mark(w->l, w->i, MARK_FIRST | marks);
	return take_address(w, end, 0);
}

static void collect(walk *w)
{
	if (!w->end)
		w->end = w->i;
	w->i--;
	mark(w->l, w->i, MARK_MEMBER);
}

static int more(walk const *w)
{
	return w->i > w->first;
}

static token822_type peek(walk const *w)
{
	return token822_at(w->l, w->i - 1);
}

static int is_phrase(token822_type type)
{
	return type == TOKEN822_COMMENT || type == TOKEN822_ATOM || type == TOKEN822_QUOTE || type == TOKEN822_AT
		|| type == TOKEN822_DOT;
}

/* Whether the tokens from .. to-1 are what one address is made of. */
static int is_single(token822_list const *l, size_t from, size_t to)
{
	int after_word = 0;

	for (; from < to; from++) {
		token822_type type = token822_at(l, from);
		int word = token822_is_word(type);

		if (type == TOKEN822_COMMENT)
			continue;
		if (word ? after_word : type != TOKEN822_AT && type != TOKEN822_DOT)
			return 0;
		after_word = word;
	}
	return 1;
}

/* phrase < address >; whatever is inside counts as the address, even nothing. Where < is missing that goes
 * for one address that has the field for itself. */
static token822_status walk_angle(walk *w)
{
	size_t end;

	if (!flush(w, MARK_COMMA))
		return TOKEN822_FAILED;
	end = --w->i;
	while (more(w) && peek(w) != TOKEN822_LEFT) {
		if (peek(w) == TOKEN822_RIGHT)
			return TOKEN822_BAD;
		mark(w->l, --w->i, MARK_MEMBER | MARK_ANGLE);
	}
	if (!more(w) && !is_single(w->l, w->i, end))
		return TOKEN822_BAD;
	if (w->i < end)
		mark(w->l, w->i, MARK_FIRST);
	if (!take_address(w, end, 1))
		return TOKEN822_FAILED;
	if (!more(w)) {
		w->loose = 1;
		return TOKEN822_OK;
	}
	w->i--;
	while (more(w) && is_phrase(peek(w)))
		w->i--;
	w->word = 0;
	return TOKEN822_OK;
}

static token822_status walk_semicolon(walk *w)
{
	if (!flush(w, MARK_COMMA))
		return TOKEN822_FAILED;
	if (w->group)
		return TOKEN822_BAD;
	w->group = 1;
	w->word = 1;
	w->i--;
	return TOKEN822_OK;
}

/* What in the name of a group would be an address that got lost. */
static int hides_address(token822_type type)
{
	return type == TOKEN822_LEFT || type == TOKEN822_RIGHT || type == TOKEN822_SEMICOLON;
}

/* The colon of a group; its name reaches back to the comma before it. */
static token822_status walk_colon(walk *w)
{
	if (!flush(w, 0))
		return TOKEN822_FAILED;
	if (!w->group)
		w->loose = 1;
	w->group = 0;
	while (more(w) && peek(w) != TOKEN822_COMMA) {
		if (hides_address(peek(w)))
			return TOKEN822_BAD;
		w->i--;
	}
	if (more(w))
		w->i--;
	w->word = 1;
	return TOKEN822_OK;
}

static token822_status walk_one(walk *w)
{
	switch (peek(w)) {
	case TOKEN822_SEMICOLON:
		return walk_semicolon(w);
	case TOKEN822_COLON:
		return walk_colon(w);
	case TOKEN822_RIGHT:
		return walk_angle(w);
	case TOKEN822_COMMA:
		if (!flush(w, 0))
			return TOKEN822_FAILED;
		w->word = 1;
		w->i--;
		return TOKEN822_OK;
	case TOKEN822_COMMENT:
		w->i--;
		return TOKEN822_OK;
	case TOKEN822_ATOM:
	case TOKEN822_QUOTE:
	case TOKEN822_LITERAL:
		if (!w->word && !flush(w, MARK_COMMA))
			return TOKEN822_FAILED;
		w->word = 0;
		break;
	case TOKEN822_LEFT:
		return TOKEN822_BAD;
	default:
		w->word = 1;
		break;
	}
	collect(w);
	return TOKEN822_OK;
}

token822_status addrlist_walk(token822_list *l, size_t first, addrlist_rewriter *rewrite, void const *rules,
	addrlist_taker *take, void *data)
{
	walk w = { .l = l, .first = first, .i = l->count, .word = 1,
		.rewrite = rewrite, .rules = rules, .take = take, .data = data };

	while (more(&w)) {
		token822_status status = walk_one(&w);

		if (status != TOKEN822_OK)
			return status;
	}
	if (!flush(&w, 0))
		return TOKEN822_FAILED;
	return w.lost ? TOKEN822_BAD : w.loose ? TOKEN822_LOOSE : TOKEN822_OK;
}

/* ---- and back to text ------------------------------------------------------------------------------- */

typedef struct printer
{
	stralloc *sa;
	size_t start;
	size_t max;
	size_t width;
	size_t line;            /* where the line began; a continuation line counts its first blank, not both */
	size_t fold;            /* where it may be broken, if can_fold */
	int can_fold;
	int some;               /* a token was printed, of type last */
	token822_type last;
} printer;

static token822_status printed(int ok)
{
	return ok ? TOKEN822_OK : TOKEN822_FAILED;
}

static int wants_space(printer const *p, token822_type type)
{
	if (!p->some)
		return 0;
	if (p->last == TOKEN822_COLON || p->last == TOKEN822_COMMA || type == TOKEN822_LEFT)
		return 1;
	return token822_is_word(p->last) && token822_is_word(type);
}

/* Here a line may be broken. The break before was left open until now, when it is known whether what
 * follows it still fits. */
static int print_fold(printer *p)
{
	size_t here = p->sa->len;

	if (p->can_fold && here - p->line + 2 > p->width) {
		if (!stralloc_insertb(p->sa, p->fold, "\n ", 2))
			return 0;
		p->line = p->fold + 1;
		here += 2;
	}
	p->fold = here;
	p->can_fold = 1;
	return 1;
}

/* Whether the writer's blank between two tokens outside addresses stays: J. Doe. */
static int keeps_space(printer const *p, token822_type type)
{
	token822_type last = p->last;

	return p->some && is_phrase(last) && is_phrase(type)
		&& (last == TOKEN822_DOT || last == TOKEN822_AT || type == TOKEN822_DOT || type == TOKEN822_AT);
}

/* What stands before a token of this type, and note that it comes. */
static int print_space(printer *p, token822_type type, int spaced)
{
	int space = wants_space(p, type) || (spaced && keeps_space(p, type));

	p->some = 1;
	p->last = type;
	return !space || stralloc_append(p->sa, ' ');
}

static int print_comma(printer *p)
{
	return print_space(p, TOKEN822_COMMA, 0) && stralloc_append(p->sa, ',') && print_fold(p);
}

/* spaced: a blank comes before it. */
static token822_status print_token(printer *p, token822_list const *l, size_t i, int spaced)
{
	token822_type type = token822_at(l, i);

	if (p->sa->len - p->start > p->max)
		return TOKEN822_LONG;
	if (type == TOKEN822_COMMA)
		return printed(print_comma(p));
	return printed(print_space(p, type, spaced) && token822_print(p->sa, l, i));
}

static token822_status print_address(printer *p, addrlist_address const *a)
{
	size_t k, i;

	for (k = 0; k < a->n; k++) {
		addrlist_run const *r = &a->run[k];

		for (i = r->from; i < r->to; i++) {
			token822_status status = TOKEN822_OK;

			if (r->comments || token822_at(r->list, i) != TOKEN822_COMMENT)
				status = print_token(p, r->list, i, 0);
			if (status != TOKEN822_OK)
				return status;
		}
		if (r->chop)
			p->sa->len--;
	}
	return TOKEN822_OK;
}

/* Behind the last token of the address that is printed before token i. */
static size_t address_end(token822_list const *l, size_t i)
{
	size_t end = i;
	size_t n = l->count;
	size_t k;

	for (k = i; k < n; k++) {
		if (k > i && marked(l, k, MARK_FIRST))
			break;
		if (marked(l, k, MARK_MEMBER))
			end = k + 1;
		else if (token822_at(l, k) != TOKEN822_COMMENT || marked(l, i, MARK_ANGLE))
			break;
	}
	return end;
}

static token822_status print_rewritten(printer *p, token822_list const *l, size_t i, addrlist_rewriter *rewrite,
	void const *rules)
{
	addrlist_address a = { .n = 1 };

	a.run[0] = (addrlist_run){ .list = l, .from = i, .to = address_end(l, i), .comments = marked(l, i, MARK_ANGLE) };
	rewrite(&a, rules);
	if (marked(l, i, MARK_COMMA) && !print_comma(p))
		return TOKEN822_FAILED;
	return print_address(p, &a);
}

token822_status addrlist_print(stralloc *sa, token822_list const *l, size_t width, size_t max,
	addrlist_rewriter *rewrite, void const *rules)
{
	printer p = { .sa = sa, .start = sa->len, .max = max, .width = width, .line = sa->len };
	token822_status status = TOKEN822_OK;
	size_t n = l->count;
	size_t i;

	for (i = 0; i < n && status == TOKEN822_OK; i++) {
		if (marked(l, i, MARK_FIRST))
			status = print_rewritten(&p, l, i, rewrite, rules);
		if (status == TOKEN822_OK && !marked(l, i, MARK_MEMBER))
			status = print_token(&p, l, i, token822_is_spaced(l, i));
	}
	if (status != TOKEN822_OK)
		return status;
	return printed(print_fold(&p) && stralloc_append(sa, '\n'));
}

static int cat_text(stralloc *sa, token822_list const *l, size_t i)
{
	token822_type type = token822_at(l, i);

	if (type == TOKEN822_COMMENT)
		return 1;
	if (type != TOKEN822_LITERAL)
		return token822_cat(sa, l, i);
	return stralloc_append(sa, '[') && token822_cat(sa, l, i) && stralloc_append(sa, ']');
}

int addrlist_is_empty(addrlist_address const *a)
{
	size_t k, i;

	for (k = 0; k < a->n; k++)
		for (i = a->run[k].from; i < a->run[k].to; i++)
			if (token822_at(a->run[k].list, i) != TOKEN822_COMMENT)
				return 0;
	return 1;
}

int addrlist_text(stralloc *sa, addrlist_address const *a)
{
	size_t k, i;

	for (k = 0; k < a->n; k++) {
		for (i = a->run[k].from; i < a->run[k].to; i++)
			if (!cat_text(sa, a->run[k].list, i))
				return 0;
		if (a->run[k].chop)
			sa->len--;
	}
	return 1;
}
