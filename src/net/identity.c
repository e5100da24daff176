/* SPDX-License-Identifier: ISC */

#include "net/identity.h"

#include <string.h>
#include <unistd.h>

#include "net/tcp.h"

enum { V4 = 4 };

static int scan(ip_address *ip, char const *s, size_t n)
{
	char bracketed[IP_FMT + 2];

	if (ip_literal(ip, s, n))
		return 1;
	if (n == 0 || n > IP_FMT || s[0] == '[' || !memchr(s, ':', n))
		return 0;
	bracketed[0] = '[';
	memcpy(bracketed + 1, s, n);
	bracketed[n + 1] = ']';
	return ip_literal(ip, bracketed, n + 2);
}

/* One of the addresses: its family must not have one yet. */
static int take_address(identity *id, char const *s, size_t n)
{
	char const *percent = memchr(s, '%', n);
	ip_address ip;
	ip_address *place;

	if (!scan(&ip, s, percent ? (size_t)(percent - s) : n))
		return 0;
	place = ip.len == V4 ? &id->v4 : &id->v6;
	if (place->len)
		return 0;
	*place = ip;
	return 1;
}

static int take_addresses(identity *id, char const *s, size_t n)
{
	while (n > 0) {
		char const *comma = memchr(s, ',', n);
		size_t len = comma ? (size_t)(comma - s) : n;

		if (!take_address(id, s, len))
			return 0;
		if (!comma)
			return 1;
		s += len + 1;
		n -= len + 1;
		if (n == 0)
			return 0;
	}
	return 1;
}

identity_status identity_parse(identity *id, char const *s, size_t n)
{
	char const *bar = n ? memchr(s, '|', n) : 0;
	size_t len = bar ? (size_t)(bar - s) : n;
	size_t i;

	id->v4.len = id->v6.len = 0;
	id->helohost.len = 0;
	if (!take_addresses(id, s, len))
		return IDENTITY_BADADDRESS;
	if (!bar)
		return IDENTITY_OK;
	s = bar + 1;
	n -= len + 1;
	for (i = 0; i < n; i++)
		if (s[i] < 33 || s[i] > 126)
			return IDENTITY_BADNAME;
	return stralloc_copyb(&id->helohost, s, n) ? IDENTITY_OK : IDENTITY_ERROR;
}

char const *identity_problem(identity_status status)
{
	switch (status) {
	case IDENTITY_NOCOLON:
		return "no colon follows its pattern";
	case IDENTITY_BADADDRESS:
		return "it has no IP address, or two of a kind";
	case IDENTITY_BADNAME:
		return "no host is called what follows its bar";
	case IDENTITY_NOTOURS:
		return "this host does not have its address";
	case IDENTITY_ERROR:
	case IDENTITY_OK:
	default:
		return 0;
	}
}

void identity_free(identity *id)
{
	stralloc_free(&id->helohost);
}

static int is_ours(ip_address const *ip)
{
	int fd = ip->len ? tcp_socket(ip) : -1;
	int ok = !ip->len || (fd >= 0 && tcp_bind(fd, ip));

	if (fd >= 0)
		close(fd);
	return ok;
}

int identity_ours(identity const *id)
{
	return is_ours(&id->v4) && is_ours(&id->v6);
}

static int same_address(ip_address const *a, ip_address const *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

int identity_same(identity const *a, identity const *b)
{
	return same_address(&a->v4, &b->v4) && same_address(&a->v6, &b->v6) && a->helohost.len == b->helohost.len
		&& (a->helohost.len == 0 || memcmp(a->helohost.s, b->helohost.s, a->helohost.len) == 0);
}
