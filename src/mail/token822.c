/* SPDX-License-Identifier: ISC */

#include "mail/token822.h"

#include <stdlib.h>
#include <string.h>

/* A token in 32 bits: offset of its first byte below, type above, marks on top. Where it ends is found by
 * reading it again. */
enum { TYPE_SHIFT = 24, TYPE_MASK = 15 };

static char const specials[] = ".,@<>:;";
static token822_type const special_types[] = { TOKEN822_DOT, TOKEN822_COMMA, TOKEN822_AT, TOKEN822_LEFT, TOKEN822_RIGHT,
	TOKEN822_COLON, TOKEN822_SEMICOLON };

static int is_line_end(char c)
{
	return c == '\r' || c == '\n';
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || is_line_end(c);
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

/* Whether c, which a backslash has made part of an atom's text, is something else without it. Where dots are
 * makes no difference to an address. */
static int was_quoted(char c)
{
	return is_blank(c) || (c && strchr(",@<>:;", c));
}

/* The type of the atom s[i..end); 0 if a backslash of it quotes the end of the line. */
static int read_atom(char const *s, size_t i, size_t end, token822_type *type)
{
	*type = TOKEN822_ATOM;
	for (; i < end; i++) {
		int quoted = s[i] == '\\';

		if (quoted && ++i == end)
			break;
		if (quoted && is_line_end(s[i]))
			return 0;
		if (wants_quotes(s[i]) || (quoted && was_quoted(s[i])))
			*type = TOKEN822_QUOTE;
	}
	return 1;
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
		return read_atom(s, i, *end, type);
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

token822_type token822_at(token822_list const *l, size_t i)
{
	return (token822_type)(l->tokens[i] >> TYPE_SHIFT & TYPE_MASK);
}

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

/* What a byte of a token is there for. */
typedef enum { PART_END, PART_TEXT, PART_FOLD, PART_NESTING } part;

static part part_of(text const *x)
{
	char c = x->s[x->i];

	if (c == '\n' || (c == '\r' && x->i + 1 < x->end && x->s[x->i + 1] == '\n'))
		return PART_FOLD;
	return x->comment && (c == '(' || c == ')') ? PART_NESTING : PART_TEXT;
}

static part text_part(text *x, char *c)
{
	part p = PART_TEXT;

	if (x->i < x->end && x->s[x->i] == '\\')
		x->i++;
	else if (x->i < x->end)
		p = part_of(x);
	if (x->i == x->end)
		return PART_END;
	*c = x->s[x->i++];
	return p;
}

/* The next byte of the text itself. */
static int text_next(text *x, char *c)
{
	part p;

	while ((p = text_part(x, c)) != PART_END)
		if (p == PART_TEXT)
			return 1;
	return 0;
}

int token822_is_word(token822_type type)
{
	return type == TOKEN822_ATOM || type == TOKEN822_QUOTE || type == TOKEN822_LITERAL || type == TOKEN822_COMMENT;
}

int token822_is_spaced(token822_list const *l, size_t i)
{
	size_t at = l->tokens[i] & TOKEN822_MAX;

	return at > 0 && is_blank(l->s[at - 1]);
}

int token822_cat(stralloc *sa, token822_list const *l, size_t i)
{
	text x;
	char c;

	if (!token822_is_word(token822_at(l, i)))
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

int token822_print(stralloc *sa, token822_list const *l, size_t i)
{
	static char const open[] = { [TOKEN822_QUOTE] = '"', [TOKEN822_LITERAL] = '[', [TOKEN822_COMMENT] = '(' };
	static char const close[] = { [TOKEN822_QUOTE] = '"', [TOKEN822_LITERAL] = ']', [TOKEN822_COMMENT] = ')' };
	token822_type type = token822_at(l, i);
	text x;
	part p;
	char c;

	if (!token822_is_word(type))
		return token822_cat(sa, l, i);
	if (open[type] && !stralloc_append(sa, open[type]))
		return 0;
	text_start(&x, l, i);
	while ((p = text_part(&x, &c)) != PART_END) {
		int ok = p == PART_TEXT ? escaped(sa, c) : (p == PART_FOLD && c == '\r') || stralloc_append(sa, c);

		if (!ok)
			return 0;
	}
	return !close[type] || stralloc_append(sa, close[type]);
}

void token822_free(token822_list *l)
{
	free(l->tokens);
	l->tokens = 0;
	l->count = l->room = 0;
}
