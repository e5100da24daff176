/* SPDX-License-Identifier: ISC */

#include "server.h"

#include <string.h>

enum { PORT_MAX = 65535 };

static size_t before(char const *s, size_t n, char const *any)
{
	size_t i = 0;

	while (i < n && !(s[i] && strchr(any, s[i])))
		i++;
	return i;
}

static int parse_port(unsigned int *port, char const *s, size_t n)
{
	unsigned int value = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return 0;
		value = value * 10 + (unsigned int)(s[i] - '0');
		if (value > PORT_MAX)
			return 0;
	}
	*port = value;
	return value > 0;
}

int server_parse(server *v, char const *s, size_t n)
{
	size_t i;

	n = before(s, n, " \t");
	i = n && s[0] == '[' ? before(s, n, "]") + 1 : before(s, n, ":");
	if (i > n || !ip_literal(&v->ip, s, i))
		return 0;
	v->port = SERVER_PORT;
	return i == n || (s[i] == ':' && parse_port(&v->port, s + i + 1, n - i - 1));
}
