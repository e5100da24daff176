/* SPDX-License-Identifier: ISC */

#include "net/smtpcmd.h"

#include <string.h>

#include "base/text.h"

static void end_line(smtpcmd *c)
{
	stralloc *line = &c->line;
	char const *nul;

	if (line->len > 0 && line->s[line->len - 1] == '\r')
		line->len--;
	nul = line->len ? memchr(line->s, 0, line->len) : 0;
	if (nul) {
		line->len = (size_t)(nul - line->s);
		c->has_nul = 1;
	}
}

static void start_line(smtpcmd *c)
{
	c->line.len = 0;
	c->ended = 0;
	c->overlong = 0;
	c->has_nul = 0;
}

smtpcmd_status smtpcmd_feed(smtpcmd *c, char const *s, size_t n, size_t *used)
{
	char const *lf = n ? memchr(s, '\n', n) : 0;
	size_t len = lf ? (size_t)(lf - s) : n;

	if (c->ended)
		start_line(c);
	*used = lf ? len + 1 : len;
	if (len > SMTPCMD_MAX - c->line.len)
		c->overlong = 1;
	if (!c->overlong && !stralloc_catb(&c->line, s, len))
		return SMTPCMD_NOMEM;
	if (!lf)
		return SMTPCMD_MORE;
	c->ended = 1;
	if (c->overlong)
		return SMTPCMD_TOO_LONG;
	end_line(c);
	return SMTPCMD_LINE;
}

void smtpcmd_split(smtpcmd_parts *p, char const *line, size_t n)
{
	char const *space = n ? memchr(line, ' ', n) : 0;
	size_t i = space ? (size_t)(space - line) : n;

	p->verb = line;
	p->verblen = i;
	while (i < n && line[i] == ' ')
		i++;
	p->arg = line + i;
	p->arglen = n - i;
}

unsigned int smtpcmd_verb(smtpcmd_parts const *p, char const *const *names, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (text_caseequals(p->verb, p->verblen, names[i]))
			break;
	return i;
}

/* The digits s[0..n) starts with, at most UINT64_MAX. */
static uint64_t number(char const *s, size_t n)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < n && s[i] >= '0' && s[i] <= '9'; i++) {
		unsigned int digit = (unsigned int)(s[i] - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return UINT64_MAX;
		value = value * 10 + digit;
	}
	return value;
}

uint64_t smtpcmd_size(char const *s, size_t n)
{
	static char const name[] = "size=";
	size_t const len = sizeof name - 1;
	size_t i = 0;

	while (i < n) {
		char const *space = memchr(s + i, ' ', n - i);
		size_t end = space ? (size_t)(space - s) : n;

		if (end - i > len && text_caseequals(s + i, len, name))
			return number(s + i + len, end - i - len);
		i = end + 1;
	}
	return 0;
}
