/* SPDX-License-Identifier: ISC */

#include "net/smtpreply.h"

enum { CODE_DIGITS = 3, AFTER_CODE = CODE_DIGITS + 1 };

void smtpreply_start(smtpreply *r)
{
	r->len = 0;
	r->code = 0;
	r->seen = 0;
	r->column = 0;
	r->several = 0;
	r->first = 1;
	r->number = 1;
	r->continued = 0;
}

static void add_digit(smtpreply *r, char c)
{
	if (!r->first)
		return;
	if (c >= '0' && c <= '9')
		r->code = r->code * 10 + (unsigned int)(c - '0');
	else
		r->number = 0;
}

/* The end of a line: 1 if it ends the reply. */
static int end_line(smtpreply *r)
{
	int more = r->continued;

	if (r->first && (r->column < CODE_DIGITS || !r->number))
		r->code = SMTPREPLY_NONE;
	r->first = 0;
	r->continued = 0;
	r->column = 0;
	r->several |= more;
	return !more;
}

static int take(smtpreply *r, char c)
{
	if (c == '\r')
		return 0;
	if (r->len < SMTPREPLY_TEXT_MAX)
		r->text[r->len++] = c;
	if (c == '\n')
		return end_line(r);
	if (r->column < CODE_DIGITS)
		add_digit(r, c);
	else if (r->column == CODE_DIGITS)
		r->continued = c == '-';
	if (r->column < AFTER_CODE)
		r->column++;
	return 0;
}

smtpreply_status smtpreply_feed(smtpreply *r, char const *s, size_t n, size_t *pos)
{
	while (*pos < n) {
		if (r->seen++ >= SMTPREPLY_MAX)
			return SMTPREPLY_TOOLONG;
		if (take(r, s[(*pos)++]))
			return SMTPREPLY_DONE;
	}
	return SMTPREPLY_MORE;
}
