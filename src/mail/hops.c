/* SPDX-License-Identifier: ISC */

#include "mail/hops.h"

#include <string.h>

#include "base/text.h"

enum { RECEIVED, DELIVERED, BLANK, BLANK_CRLF, WORDS };

static struct { char const *text; size_t len; } const words[WORDS] =
{
	[RECEIVED]   = { "received", 8 },
	[DELIVERED]  = { "delivered", 9 },
	[BLANK]      = { "\n", 1 },
	[BLANK_CRLF] = { "\r\n", 2 },
};

enum { ALL_GONE = (1 << WORDS) - 1 };

static void take(hops *h, char c)
{
	unsigned int k;

	for (k = 0; k < WORDS; k++) {
		if (h->gone & 1U << k)
			continue;
		if (text_lower(c) != words[k].text[h->pos]) {
			h->gone |= 1U << k;
		} else if (h->pos + 1 == words[k].len) {
			h->gone = ALL_GONE;
			if (k == BLANK || k == BLANK_CRLF)
				h->body = 1;
			else
				h->count++;
			return;
		}
	}
	h->pos++;
}

void hops_feed(hops *h, char const *s, size_t n)
{
	size_t i = 0;

	while (i < n && !h->body) {
		if (h->gone == ALL_GONE) {
			char const *end = memchr(s + i, '\n', n - i);

			if (!end)
				return;
			i = (size_t)(end - s) + 1;
			h->pos = 0;
			h->gone = 0;
		} else {
			char c = s[i++];

			take(h, c);
			if (c == '\n' && !h->body) {
				h->pos = 0;
				h->gone = 0;
			}
		}
	}
}
