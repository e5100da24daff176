/* SPDX-License-Identifier: ISC */

#include "net/netstring.h"

#include <errno.h>
#include <string.h>

/* Too long is only said at the byte behind the length: until then the connection may still end, which is
 * the more usual thing. */
netstring_status netstring_length_feed(netstring_length *l, char c)
{
	if (l->value > NETSTRING_MAX)
		return NETSTRING_TOO_LONG;
	if (c == ':')
		return l->digits > 0 ? NETSTRING_OK : NETSTRING_BAD;
	if (c < '0' || c > '9' || (l->digits > 0 && l->value == 0))
		return NETSTRING_BAD;
	l->value = l->value * 10 + (uint64_t)(c - '0');
	l->digits++;
	return NETSTRING_MORE;
}

size_t netstring_head(char s[NETSTRING_HEAD_FMT], uint64_t n)
{
	size_t len = uint64_fmt(s, n);

	s[len] = ':';
	return len + 1;
}

void netstring_answer(conn *c, char letter, char const *text, size_t n)
{
	char head[NETSTRING_HEAD_FMT];

	conn_put(c, head, netstring_head(head, n + 1));
	conn_put(c, &letter, 1);
	conn_put(c, text, n);
	conn_put(c, ",", 1);
}

netstring_status netstring_some(netstring_in *in, uint64_t max, char const **s, size_t *n)
{
	conn *c = in->conn;

	if (in->left != NETSTRING_OPEN && max > (uint64_t)in->left)
		max = (uint64_t)in->left;
	if (max == 0)
		return NETSTRING_BAD;
	errno = 0;
	if (!conn_fill(c))
		return errno == ETIMEDOUT ? NETSTRING_LATE : NETSTRING_END;
	*n = c->len - c->pos;
	if (*n > max)
		*n = (size_t)max;
	*s = c->inbuf + c->pos;
	c->pos += *n;
	if (in->left != NETSTRING_OPEN)
		in->left -= (int64_t)*n;
	return NETSTRING_OK;
}

static netstring_status next_byte(netstring_in *in, char *c)
{
	char const *s;
	size_t n;
	netstring_status status = netstring_some(in, 1, &s, &n);

	if (status == NETSTRING_OK)
		*c = *s;
	return status;
}

netstring_status netstring_start(netstring_in *in, uint64_t *n)
{
	netstring_length l = NETSTRING_LENGTH_ZERO;
	netstring_status status;
	char c;

	do {
		status = next_byte(in, &c);
		if (status == NETSTRING_OK)
			status = netstring_length_feed(&l, c);
	} while (status == NETSTRING_MORE);
	/* The comma has to fit, too. */
	if (status == NETSTRING_OK && in->left != NETSTRING_OPEN && l.value >= (uint64_t)in->left)
		status = NETSTRING_BAD;
	*n = l.value;
	return status;
}

netstring_status netstring_comma(netstring_in *in)
{
	char c;
	netstring_status status = next_byte(in, &c);

	return status == NETSTRING_OK && c != ',' ? NETSTRING_BAD : status;
}

netstring_status netstring_take(netstring_in *in, uint64_t n, char *buf, size_t room, int *fits)
{
	uint64_t have = 0;

	*fits = n <= room;
	while (have < n) {
		char const *s;
		size_t len;
		netstring_status status = netstring_some(in, n - have, &s, &len);

		if (status != NETSTRING_OK)
			return status;
		if (*fits)
			memcpy(buf + have, s, len);
		have += len;
	}
	return netstring_comma(in);
}
