/* SPDX-License-Identifier: ISC */

#include "reply.h"

static int is_verdict(char c)
{
	return c == 'K' || c == 'Z' || c == 'D';
}

static reply_status feed_length(reply *r, char c)
{
	if (r->length.digits == 0 && is_verdict(c)) {
		r->verdict = c;
		return REPLY_DONE;
	}
	switch (netstring_length_feed(&r->length, c)) {
	case NETSTRING_MORE:
		return REPLY_MORE;
	case NETSTRING_OK:
		r->counted = 1;
		r->left = r->length.value;
		return r->left > 0 ? REPLY_MORE : REPLY_BAD;
	default:
		return REPLY_BAD;
	}
}

reply_status reply_feed(reply *r, char c)
{
	if (!r->counted)
		return feed_length(r, c);
	if (!r->verdict) {
		if (!is_verdict(c))
			return REPLY_BAD;
		r->verdict = c;
	} else {
		r->text[r->len++] = (unsigned char)c < 32 || c == 127 ? ' ' : c;
	}
	r->left--;
	return r->left == 0 || r->len == REPLY_TEXT_MAX ? REPLY_DONE : REPLY_MORE;
}
