/* SPDX-License-Identifier: ISC */

#include "mail/token822.h"

#include <stdlib.h>
#include <string.h>

/* A token in 32 bits: offset of its first byte below, type above, marks on top. Its end is found again by
 * reading it again. */
enum { TYPE_SHIFT = 24, TYPE_MASK = 15 };

static uint32_t const MARK_MEMBER = UINT32_C(1) << 28;  /* belongs to an address, is printed with it */
static uint32_t const MARK_FIRST = UINT32_C(1) << 29;   /* an address is printed before this token */
static uint32_t const MARK_COMMA = UINT32_C(1) << 30;   /* and a comma before that address */
static uint32_t const MARK_ANGLE = UINT32_C(1) << 31;   /* member of an address in < >: comments stay in */

static char const specials[] = ".,@<>:;";
static token822_type const special_types[] = { TOKEN822_DOT, TOKEN822_COMMA, TOKEN822_AT, TOKEN822_LEFT, TOKEN822_RIGHT,
	TOKEN822_COLON, TOKEN822_SEMICOLON };

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int ends_atom(char c)
{
	return is_blank(c) || c == '(' || c == '[' || c == '"' || (c && strchr(specials, c));
}

/* Whether c, part of an atom's text, can only be printed inside quotes. */
static int wants_quotes(char c)
{
	return c < 32 || c > 126 || c == ')' || c == ']' || c == '\\';
}

/* Offset behind the delimited token that starts at i, or 0 if it has no end. */
static size_t delimited_end(char const *s, size_t n, size_t i)
{
	char const open = s[i];
	char const close = open == '(' ? ')' : open == '[' ? ']' : '"';
	size_t depth = 1;

	for (i++; i < n; i++) {
		if (s[i] == '\\') {
			i++;
		} else if (s[i] == close) {
			if (--depth == 0)
				return i + 1;
		} else if (s[i] == '(' && open == '(') {
			depth++;
		}
	}
	return 0;
}

static size_t atom_end(char const *s, size_t n, size_t i)
{
	while (i < n && !ends_atom(s[i])) {
		if (s[i] == '\\')
			i++;
		i++;
	}
	return i < n ? i : n;
}

static int atom_wants_quotes(char const *s, size_t i, size_t end)
{
	for (; i < end; i++) {
		if (s[i] == '\\' && ++i == end)
			break;
		if (wants_quotes(s[i]))
			return 1;
	}
	return 0;
}

/* The token at s[i], which is no blank: its type and where it ends; 0 if it is none. */
static int read_token(char const *s, size_t n, size_t i, token822_type *type, size_t *end)
{
	char const *special = s[i] ? strchr(specials, s[i]) : 0;

	if (special) {
		*type = special_types[special - specials];
		*end = i + 1;
		return 1;
	}
	switch (s[i]) {
	case ')':
	case ']':
		return 0;
	case '(':
	case '[':
	case '"':
		*type = s[i] == '(' ? TOKEN822_COMMENT : s[i] == '[' ? TOKEN822_LITERAL : TOKEN822_QUOTE;
		*end = delimited_end(s, n, i);
		return *end != 0;
	default:
		*end = atom_end(s, n, i);
		*type = atom_wants_quotes(s, i, *end) ? TOKEN822_QUOTE : TOKEN822_ATOM;
		return 1;
	}
}

static int add_token(token822_list *l, size_t at, token822_type type)
{
	if (l->count == l->room) {
		size_t room = l->room + l->room / 2 + 16;
		uint32_t *tokens = reallocarray(l->tokens, room, sizeof *tokens);

		if (!tokens)
			return 0;
		l->tokens = tokens;
		l->room = room;
	}
	l->tokens[l->count++] = (uint32_t)at | (uint32_t)type << TYPE_SHIFT;
	return 1;
}

token822_status token822_parse(token822_list *l, char const *s, size_t n)
{
	size_t i = 0;

	l->s = s;
	l->n = n;
	l->count = 0;
	if (n > TOKEN822_MAX)
		return TOKEN822_LONG;
	while (i < n) {
		token822_type type;
		size_t end;

		if (is_blank(s[i])) {
			i++;
			continue;
		}
		if (!read_token(s, n, i, &type, &end)) {
			l->count = 0;
			return TOKEN822_BAD;
		}
		if (!add_token(l, i, type))
			return TOKEN822_FAILED;
		i = end;
	}
	return TOKEN822_OK;
}

static int marked(token822_list const *l, size_t i, uint32_t marks)
{
	return (l->tokens[i] & marks) == marks;
}

static void mark(token822_list *l, size_t i, uint32_t marks)
{
	l->tokens[i] |= marks;
}

size_t token822_count(token822_list const *l)
{
	return l->count;
}

token822_type token822_at(token822_list const *l, size_t i)
{
	return (token822_type)(l->tokens[i] >> TYPE_SHIFT & TYPE_MASK);
}

/* ---- the text of a token ---------------------------------------------------------------------------- */

typedef struct text
{
	char const *s;
	size_t i, end;
	int comment;
} text;

static void text_start(text *x, token822_list const *l, size_t i)
{
	size_t at = l->tokens[i] & TOKEN822_MAX;
	char c = l->s[at];

	x->s = l->s;
	x->comment = c == '(';
	if (c == '(' || c == '[' || c == '"') {
		x->i = at + 1;
		x->end = delimited_end(l->s, l->n, at) - 1;
	} else {
		x->i = at;
		x->end = atom_end(l->s, l->n, at);
	}
}

static int text_next(text *x, char *c)
{
	for (; x->i < x->end; x->i++) {
		if (x->s[x->i] == '\\') {
			if (++x->i == x->end)
				return 0;
		} else if (x->comment && (x->s[x->i] == '(' || x->s[x->i] == ')')) {
			continue;
		}
		*c = x->s[x->i++];
		return 1;
	}
	return 0;
}

static int is_word(token822_type type)
{
	return type == TOKEN822_ATOM || type == TOKEN822_QUOTE || type == TOKEN822_LITERAL || type == TOKEN822_COMMENT;
}

int token822_cat(stralloc *sa, token822_list const *l, size_t i)
{
	text x;
	char c;

	if (!is_word(token822_at(l, i)))
		return stralloc_append(sa, l->s[l->tokens[i] & TOKEN822_MAX]);
	text_start(&x, l, i);
	while (text_next(&x, &c))
		if (!stralloc_append(sa, c))
			return 0;
	return 1;
}

int token822_empty(token822_list const *l, size_t i)
{
	text x;
	char c;

	text_start(&x, l, i);
	return !text_next(&x, &c);
}

int token822_ends(token822_list const *l, size_t i, char c)
{
	text x;
	char last;
	int same = 0;

	text_start(&x, l, i);
	while (text_next(&x, &last))
		same = last == c;
	return same;
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
	token822_rewriter *rewrite;
	void const *rules;
	token822_taker *take;
	void *data;
} walk;

static int take_address(walk *w, size_t end, int comments)
{
	token822_address a = { .n = 1 };

	if (!w->take)
		return 1;
	a.run[0] = (token822_run){ .list = w->l, .from = w->i, .to = end, .comments = comments };
	w->rewrite(&a, w->rules);
	return w->take(w->data, &a);
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

/* phrase < address >; whatever is inside counts as the address, even nothing. */
static token822_status walk_angle(walk *w)
{
	size_t end;

	if (!flush(w, MARK_COMMA))
		return TOKEN822_FAILED;
	end = --w->i;
	while (more(w) && peek(w) != TOKEN822_LEFT)
		mark(w->l, --w->i, MARK_MEMBER | MARK_ANGLE);
	if (w->i < end)
		mark(w->l, w->i, MARK_FIRST);
	if (!take_address(w, end, 1))
		return TOKEN822_FAILED;
	if (!more(w))
		return TOKEN822_BAD;
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

/* The colon of a group; its name reaches back to the comma before it. */
static token822_status walk_colon(walk *w)
{
	if (!flush(w, 0))
		return TOKEN822_FAILED;
	if (!w->group)
		return TOKEN822_BAD;
	w->group = 0;
	while (more(w) && peek(w) != TOKEN822_COMMA)
		w->i--;
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
	default:
		w->word = 1;
		break;
	}
	collect(w);
	return TOKEN822_OK;
}

token822_status token822_walk(token822_list *l, size_t first, token822_rewriter *rewrite, void const *rules,
	token822_taker *take, void *data)
{
	walk w = { .l = l, .first = first, .i = token822_count(l), .word = 1,
		.rewrite = rewrite, .rules = rules, .take = take, .data = data };

	while (more(&w)) {
		token822_status status = walk_one(&w);

		if (status != TOKEN822_OK)
			return status;
	}
	return flush(&w, 0) ? TOKEN822_OK : TOKEN822_FAILED;
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
	return is_word(p->last) && is_word(type);
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

static int escaped(stralloc *sa, char c)
{
	if (c && strchr("\"[]()\\\r\n", c) && !stralloc_append(sa, '\\'))
		return 0;
	return stralloc_append(sa, c);
}

int token822_escape(stralloc *sa, char const *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!escaped(sa, s[i]))
			return 0;
	return 1;
}

static int print_word(printer *p, token822_list const *l, size_t i, token822_type type)
{
	static char const open[] = { [TOKEN822_QUOTE] = '"', [TOKEN822_LITERAL] = '[', [TOKEN822_COMMENT] = '(' };
	static char const close[] = { [TOKEN822_QUOTE] = '"', [TOKEN822_LITERAL] = ']', [TOKEN822_COMMENT] = ')' };
	text x;
	char c;

	if (open[type] && !stralloc_append(p->sa, open[type]))
		return 0;
	text_start(&x, l, i);
	while (text_next(&x, &c))
		if (!escaped(p->sa, c))
			return 0;
	return !close[type] || stralloc_append(p->sa, close[type]);
}

/* What stands before a token of this type, and note that it comes. */
static int print_space(printer *p, token822_type type)
{
	int space = wants_space(p, type);

	p->some = 1;
	p->last = type;
	return !space || stralloc_append(p->sa, ' ');
}

static int print_comma(printer *p)
{
	return print_space(p, TOKEN822_COMMA) && stralloc_append(p->sa, ',') && print_fold(p);
}

static token822_status print_token(printer *p, token822_list const *l, size_t i)
{
	token822_type type = token822_at(l, i);

	if (p->sa->len - p->start > p->max)
		return TOKEN822_LONG;
	if (type == TOKEN822_COMMA)
		return printed(print_comma(p));
	return printed(print_space(p, type) && (is_word(type) ? print_word(p, l, i, type) : token822_cat(p->sa, l, i)));
}

static token822_status print_address(printer *p, token822_address const *a)
{
	size_t k, i;

	for (k = 0; k < a->n; k++) {
		token822_run const *r = &a->run[k];

		for (i = r->from; i < r->to; i++) {
			token822_status status = TOKEN822_OK;

			if (r->comments || token822_at(r->list, i) != TOKEN822_COMMENT)
				status = print_token(p, r->list, i);
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
	size_t n = token822_count(l);
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

static token822_status print_rewritten(printer *p, token822_list const *l, size_t i, token822_rewriter *rewrite,
	void const *rules)
{
	token822_address a = { .n = 1 };

	a.run[0] = (token822_run){ .list = l, .from = i, .to = address_end(l, i), .comments = marked(l, i, MARK_ANGLE) };
	rewrite(&a, rules);
	if (marked(l, i, MARK_COMMA) && !print_comma(p))
		return TOKEN822_FAILED;
	return print_address(p, &a);
}

token822_status token822_unparse(stralloc *sa, token822_list const *l, size_t width, size_t max,
	token822_rewriter *rewrite, void const *rules)
{
	printer p = { .sa = sa, .start = sa->len, .max = max, .width = width, .line = sa->len };
	token822_status status = TOKEN822_OK;
	size_t n = token822_count(l);
	size_t i;

	for (i = 0; i < n && status == TOKEN822_OK; i++) {
		if (marked(l, i, MARK_FIRST))
			status = print_rewritten(&p, l, i, rewrite, rules);
		if (status == TOKEN822_OK && !marked(l, i, MARK_MEMBER))
			status = print_token(&p, l, i);
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

int token822_text(stralloc *sa, token822_address const *a)
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

void token822_free(token822_list *l)
{
	free(l->tokens);
	l->tokens = 0;
	l->count = l->room = 0;
}
