/* SPDX-License-Identifier: ISC */

#include "net/ip.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

enum { V4 = 4, V6 = 16 };

static unsigned char const mapped[V6 - V4] = { [10] = 0xff, [11] = 0xff };

void ip_set(ip_address *a, unsigned char const *bytes, size_t len)
{
	if (len == V6 && memcmp(bytes, mapped, sizeof mapped) == 0) {
		bytes += sizeof mapped;
		len = V4;
	}
	memset(a, 0, sizeof *a);
	memcpy(a->bytes, bytes, len == V4 ? V4 : V6);
	a->len = len == V4 ? V4 : V6;
}

static int scan_v4(ip_address *a, char const *s, size_t n)
{
	unsigned char bytes[V4];
	size_t pos = 0;
	size_t i;

	for (i = 0; i < V4; i++) {
		size_t start;
		unsigned int value = 0;

		if (i > 0 && (pos == n || s[pos++] != '.'))
			return 0;
		for (start = pos; pos < n && s[pos] >= '0' && s[pos] <= '9'; pos++) {
			value = value * 10 + (unsigned int)(s[pos] - '0');
			if (value > UINT8_MAX)
				return 0;
		}
		if (pos == start)
			return 0;
		bytes[i] = (unsigned char)value;
	}
	if (pos != n)
		return 0;
	ip_set(a, bytes, V4);
	return 1;
}

static int scan_v6(ip_address *a, char const *s, size_t n)
{
	static char const tag[] = "IPv6:";
	size_t const taglen = sizeof tag - 1;
	unsigned char bytes[V6];
	char text[IP_FMT];

	if (n > taglen && text_caseequals(s, taglen, tag)) {
		s += taglen;
		n -= taglen;
	}
	if (n == 0 || n >= sizeof text || memchr(s, 0, n))
		return 0;
	memcpy(text, s, n);
	text[n] = 0;
	if (inet_pton(AF_INET6, text, bytes) != 1)
		return 0;
	ip_set(a, bytes, V6);
	return 1;
}

int ip_literal(ip_address *a, char const *s, size_t n)
{
	if (n < 2 || s[0] != '[' || s[n - 1] != ']')
		return scan_v4(a, s, n);
	return scan_v4(a, s + 1, n - 2) || scan_v6(a, s + 1, n - 2);
}

int ip_misspelt(char const *s, size_t n)
{
	ip_address ip;
	size_t i;

	for (i = 0; i < n && ((s[i] >= '0' && s[i] <= '9') || s[i] == '.'); i++)
		;
	return (i == n || s[0] == '[') && !ip_literal(&ip, s, n);
}

size_t ip_format(char s[IP_FMT], ip_address const *a)
{
	if (!inet_ntop(a->len == V4 ? AF_INET : AF_INET6, a->bytes, s, IP_FMT))
		s[0] = 0;
	return strlen(s);
}
