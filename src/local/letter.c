/* SPDX-License-Identifier: ISC */

#include "letter.h"

#include <string.h>

#include "base/io.h"
#include "message.h"

void letter_start(letter *l, int fd)
{
	l->fd = fd;
	l->n = 0;
	l->size = 0;
}

int letter_flush(letter *l)
{
	size_t n = l->n;

	l->n = 0;
	l->size += n;
	return io_writeall(l->fd, l->s, n);
}

int letter_put(letter *l, char const *s, size_t n)
{
	while (n > 0) {
		size_t room = LETTER_BLOCK - l->n;
		size_t len = n < room ? n : room;

		memcpy(l->s + l->n, s, len);
		l->n += len;
		s += len;
		n -= len;
		if (l->n == LETTER_BLOCK && !letter_flush(l))
			return 0;
	}
	return 1;
}

letter_status letter_copy(letter *l)
{
	for (;;) {
		ssize_t r = message_read(l->s + l->n, LETTER_BLOCK - l->n);

		if (r < 0)
			return LETTER_UNREADABLE;
		l->n += (size_t)r;
		if (r > 0 && l->n < LETTER_BLOCK)
			continue;
		if (!letter_flush(l))
			return LETTER_UNWRITABLE;
		if (r == 0)
			return LETTER_WRITTEN;
	}
}

letter_status letter_quote(letter *l)
{
	static char in[LETTER_BLOCK];
	fromline f = FROMLINE_ZERO;

	for (;;) {
		ssize_t r = message_read(in, sizeof in);

		if (r < 0)
			return LETTER_UNREADABLE;
		if (r == 0)
			break;
		l->n += fromline_feed(&f, l->s + l->n, in, (size_t)r);
		if (l->n >= LETTER_BLOCK && !letter_flush(l))
			return LETTER_UNWRITABLE;
	}
	l->n += fromline_end(&f, l->s + l->n);
	l->s[l->n++] = '\n';
	return letter_flush(l) ? LETTER_WRITTEN : LETTER_UNWRITABLE;
}
