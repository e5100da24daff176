/* SPDX-License-Identifier: ISC */

#include "mail/hsplit.h"

#include <string.h>

#include "mail/hfield.h"

static int append(stralloc *sa, char const *s, size_t n, size_t max)
{
	size_t room = max - sa->len;

	return stralloc_catb(sa, s, n < room ? n : room);
}

static int end_field(hsplit *h, hsplit_taker *take, void *data)
{
	int ok = h->field.len == 0 || take(data, h->field.s, h->field.len);

	h->field.len = 0;
	return ok;
}

static int end_line(hsplit *h, hsplit_taker *take, void *data)
{
	stralloc *line = &h->line;
	int continues = h->field.len > 0 && (line->s[0] == ' ' || line->s[0] == '\t');

	if (!continues) {
		if (!end_field(h, take, data))
			return 0;
		if (!hfield_starts(line->s, line->len)) {
			h->body = 1;
			return 1;
		}
	}
	if (!append(&h->field, line->s, line->len, h->max))
		return 0;
	line->len = 0;
	return 1;
}

ssize_t hsplit_feed(hsplit *h, char const *s, size_t n, hsplit_taker *take, void *data)
{
	size_t i = 0;

	while (i < n && !h->body) {
		char const *newline = memchr(s + i, '\n', n - i);
		size_t m = newline ? (size_t)(newline - (s + i)) + 1 : n - i;

		if (!append(&h->line, s + i, m, h->max))
			return -1;
		i += m;
		if (newline && !end_line(h, take, data))
			return -1;
	}
	return (ssize_t)i;
}

int hsplit_end(hsplit *h, hsplit_taker *take, void *data)
{
	if (h->body)
		return 1;
	if (h->line.len > 0 && (!append(&h->line, "\n", 1, h->max) || !end_line(h, take, data)))
		return 0;
	return end_field(h, take, data);
}

void hsplit_free(hsplit *h)
{
	stralloc_free(&h->field);
	stralloc_free(&h->line);
}
