/* SPDX-License-Identifier: ISC */

#include "mail/hops.h"

#include <string.h>

#include "base/text.h"

/* The first two are what the last two begin with. */
enum { RECEIVED, DELIVERED, BLANK, BLANK_CRLF, RECEIVED_FIELD, DELIVERED_FIELD, WORDS };

static struct { char const *text; size_t len; } const words[WORDS] =
{
	[RECEIVED]        = { "received", 8 },
	[DELIVERED]       = { "delivered", 9 },
	[BLANK]           = { "\n", 1 },
	[BLANK_CRLF]      = { "\r\n", 2 },
	[RECEIVED_FIELD]  = { "received:", 9 },
	[DELIVERED_FIELD] = { "delivered-to:", 13 },
};

enum { ALL_GONE = (1 << WORDS) - 1 };

static void found(hops *h, unsigned int k)
{
	switch (k) {
	case RECEIVED:
	case DELIVERED:
		h->others++;
		h->gone |= 1U << k;
		break;
	case RECEIVED_FIELD:
	case DELIVERED_FIELD:
		h->others--;
		h->count++;
		h->gone = ALL_GONE;
		break;
	default:
		h->body = 1;
		h->gone = ALL_GONE;
	}
}

/* RFC 5322 4.5 has blanks in front of the colon. */
static int is_gap(hops const *h, char c)
{
	unsigned int left = ALL_GONE & ~h->gone;

	if (c != ' ' && c != '\t')
		return 0;
	return (left == 1U << RECEIVED_FIELD && h->pos + 1 == words[RECEIVED_FIELD].len)
	 || (left == 1U << DELIVERED_FIELD && h->pos + 1 == words[DELIVERED_FIELD].len);
}

static void take(hops *h, char c)
{
	unsigned int k;

	if (is_gap(h, c))
		return;
	for (k = 0; k < WORDS; k++) {
		if (h->gone & 1U << k)
			continue;
		if (text_lower(c) != words[k].text[h->pos])
			h->gone |= 1U << k;
		else if (h->pos + 1 == words[k].len)
			found(h, k);
	}
	h->pos++;
}

int hops_looping(hops const *h)
{
	return h->count >= HOPS_MAX || h->others >= HOPS_MAX;
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
