/* SPDX-License-Identifier: ISC */

#include "net/smtpcmd.h"

#include <string.h>

#include "base/text.h"

static void end_line(stralloc *line)
{
	char const *nul;

	if (line->len > 0 && line->s[line->len - 1] == '\r')
		line->len--;
	nul = line->len ? memchr(line->s, 0, line->len) : 0;
	if (nul)
		line->len = (size_t)(nul - line->s);
}

static void start_line(smtpcmd *c)
{
	c->line.len = 0;
	c->ended = 0;
	c->overlong = 0;
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
	end_line(&c->line);
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
