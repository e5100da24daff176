/* SPDX-License-Identifier: ISC */

#include "mail/fromline.h"

#include <string.h>

#include "base/text.h"
#include "mail/date822.h"
#include "mail/plain.h"

enum { WORD = 5 };
static char const word[WORD] = "From ";

/* The > that is added may go anywhere among those that are there, so they need not be counted: each is
 * passed on as it comes, and only the word itself is held back until it is known to be whole. */
static size_t release(fromline *f, char *out, int quoted)
{
	size_t n = 0;
	size_t i;

	if (quoted)
		out[n++] = '>';
	/* Nothing is held at most starts of lines, and a call would cost more than the rest of it. */
	for (i = 0; i < f->held; i++)
		out[n++] = word[i];
	f->held = 0;
	f->at_start = 0;
	return n;
}

/* One byte at the start of a line: how many bytes it put out, or (size_t)-1 if it belongs to the rest. */
static size_t feed_start(fromline *f, char *out, char c)
{
	if (c == word[f->held]) {
		if (++f->held == WORD)
			return release(f, out, 1);
		return 0;
	}
	if (f->held == 0 && c == '>')
		return *out = c, 1;
	return (size_t)-1;
}

size_t fromline_feed(fromline *f, char *out, char const *s, size_t n)
{
	size_t o = 0;
	size_t i = 0;

	while (i < n) {
		size_t m;

		f->ended = 0;
		if (f->at_start) {
			m = feed_start(f, out + o, s[i]);
			if (m != (size_t)-1) {
				o += m;
				i++;
				continue;
			}
			o += release(f, out + o, 0);
		}
		m = plain_copy(out + o, s + i, n - i, '\n', '\n');
		o += m;
		i += m;
		f->at_start = f->ended = i < n;
		if (i < n)
			out[o++] = s[i++];
	}
	return o;
}

size_t fromline_end(fromline *f, char *out)
{
	size_t o = release(f, out, 0);

	if (!f->ended)
		out[o++] = '\n';
	f->ended = f->at_start = 1;
	return o;
}

/* Readers of an mbox take the second word of the line for the sender. */
int fromline_cat(stralloc *sa, char const *sender, size_t n, int64_t t)
{
	char date[DATE_CTIME_FMT];
	size_t i = sa->len + WORD;

	if (!stralloc_catb(sa, word, WORD)
		|| !(n > 0 ? stralloc_catb(sa, sender, n) : stralloc_cats(sa, "MAILER-DAEMON")))
		return 0;
	for (; i < sa->len; i++)
		if (sa->s[i] == ' ' || sa->s[i] == '\t' || sa->s[i] == '\n')
			sa->s[i] = '-';
	return stralloc_append(sa, ' ')
		&& stralloc_catb(sa, date, date_ctime_fmt(date, t))
		&& stralloc_append(sa, '\n');
}

int fromline_restore(stralloc *sa, char const *s, size_t n, int64_t t)
{
	static char const start[] = "Return-Path: <";
	char const *newline = n ? memchr(s, '\n', n) : 0;
	size_t len = newline ? (size_t)(newline - s) : 0;
	size_t skip = sizeof start - 1;
	size_t close = text_rchr(s, len, '>');

	if (len < skip || memcmp(s, start, skip) != 0 || close == len)
		return fromline_cat(sa, "XXX", 3, t);
	return fromline_cat(sa, s + skip, close - skip, t);
}
