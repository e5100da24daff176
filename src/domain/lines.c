/* SPDX-License-Identifier: ISC */

#include "lines.h"

#include <string.h>

#include "base/control.h"
#include "base/text.h"
#include "proto/users.h"

enum { LABEL_MAX = 63, NAME_MAX_BYTES = 253 };

/* A line of s[0..n) from *at on, with its newline; 0 at the end. */
static size_t line_at(char const *s, size_t n, size_t at)
{
	char const *newline = at < n ? memchr(s + at, '\n', n - at) : 0;

	return at >= n ? 0 : newline ? (size_t)(newline - s) + 1 - at : n - at;
}

static int is_assign(char const *line, size_t n, char const *name)
{
	users_line l;
	size_t len = strlen(name);

	return users_line_parse(&l, line, n) == USERS_LINE_OK && l.sign == '+' && l.locallen == len + 1
		&& l.local[len] == '-' && text_casecmp(l.local, name, len) == 0;
}

/* As the readers take a line: without its newline, cut at a NUL, without blanks at the end. */
static size_t entry_length(char const *line, size_t n)
{
	size_t len = control_line_length(line, n);
	char const *nul = len ? memchr(line, 0, len) : 0;

	return nul ? (size_t)(nul - line) : len;
}

static int is_name(lines_kind kind, char const *line, size_t n, char const *name)
{
	size_t len = entry_length(line, n);
	char const *colon = len ? memchr(line, ':', len) : 0;

	switch (kind) {
	case LINES_ASSIGN:
		return is_assign(line, n && line[n - 1] == '\n' ? n - 1 : n, name);
	case LINES_MAP:
		return colon && line[0] != '#' && text_caseequals(line, (size_t)(colon - line), name);
	case LINES_LIST:
		break;
	}
	return len > 0 && line[0] != '#' && text_caseequals(line, len, name);
}

static int is_end(lines_kind kind, char const *line, size_t n)
{
	return kind == LINES_ASSIGN && n > 0 && line[0] == '.';
}

int lines_find(lines_found *f, lines_kind kind, char const *s, size_t n, char const *name)
{
	size_t number = 1;
	size_t at = 0;
	size_t len;

	f->number = 0;
	for (; (len = line_at(s, n, at)) && !is_end(kind, s + at, len); at += len, number++) {
		if (!is_name(kind, s + at, len, name))
			continue;
		*f = (lines_found){ .number = number, .line = s + at, .length = entry_length(s + at, len) };
		if (kind == LINES_ASSIGN) {
			f->length = s[at + len - 1] == '\n' ? len - 1 : len;
			break;
		}
	}
	return f->number > 0;
}

size_t lines_entries(char const *s, size_t n)
{
	size_t count = 0;
	size_t at = 0;
	size_t len;

	for (; (len = line_at(s, n, at)); at += len)
		count += entry_length(s + at, len) > 0 && s[at] != '#';
	return count;
}

static int put_line(stralloc *out, char const *line, size_t n)
{
	return (out->len == 0 || out->s[out->len - 1] == '\n' || stralloc_append(out, '\n'))
		&& stralloc_catb(out, line, n) && stralloc_append(out, '\n');
}

int lines_add(stralloc *out, lines_kind kind, char const *s, size_t n, char const *line, size_t len)
{
	size_t at = 0;
	size_t i;

	while ((i = line_at(s, n, at)) && !is_end(kind, s + at, i))
		at += i;
	out->len = 0;
	if (!stralloc_catb(out, s, at) || !put_line(out, line, len))
		return 0;
	if (kind == LINES_ASSIGN && n == 0)
		return put_line(out, ".", 1);
	return stralloc_catb(out, s + at, n - at);
}

int lines_remove(stralloc *out, stralloc *gone, lines_kind kind, char const *s, size_t n, char const *name)
{
	size_t at = 0;
	size_t len;

	out->len = 0;
	if (gone)
		gone->len = 0;
	for (; (len = line_at(s, n, at)) && !is_end(kind, s + at, len); at += len) {
		stralloc *to = is_name(kind, s + at, len, name) ? gone : out;

		if (to && !stralloc_catb(to, s + at, len))
			return 0;
	}
	if (gone && gone->len && gone->s[gone->len - 1] == '\n')
		gone->len--;
	return stralloc_catb(out, s + at, n - at);
}

int lines_name(char const *domain)
{
	size_t label = 0;
	size_t i;

	if (*domain == '.')
		domain++;
	for (i = 0; domain[i] && i <= NAME_MAX_BYTES; i++) {
		char c = text_lower(domain[i]);
		int dot = c == '.';

		if (dot ? label == 0 || domain[i - 1] == '-' : !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
		 || c == '_' || (c == '-' && label > 0)))
			return 0;
		label = dot ? 0 : label + 1;
		if (label > LABEL_MAX)
			return 0;
	}
	return i > 0 && i <= NAME_MAX_BYTES && label > 0 && domain[i - 1] != '-';
}
