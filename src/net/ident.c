/* SPDX-License-Identifier: ISC */

#include "net/ident.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "net/tcp.h"

/* The field before the next colon, without blanks around it; *s moves behind the colon. 0: no colon. */
static int next_field(char const **s, size_t *n, char const **field, size_t *len)
{
	char const *colon = *n ? memchr(*s, ':', *n) : 0;

	if (!colon)
		return 0;
	*field = *s;
	*len = (size_t)(colon - *s);
	*n -= *len + 1;
	*s = colon + 1;
	while (*len > 0 && (**field == ' ' || **field == '\t')) {
		++*field;
		--*len;
	}
	while (*len > 0 && ((*field)[*len - 1] == ' ' || (*field)[*len - 1] == '\t'))
		--*len;
	return 1;
}

int ident_parse(char info[IDENT_MAX + 1], char const *s, size_t n)
{
	char const *end = n ? memchr(s, '\n', n) : 0;
	char const *field;
	size_t len;
	size_t have = 0;
	size_t i;

	if (end)
		n = (size_t)(end - s);
	if (!next_field(&s, &n, &field, &len) || !next_field(&s, &n, &field, &len)
	 || !text_caseequals(field, len, "USERID") || !next_field(&s, &n, &field, &len))
		return 0;
	for (i = 0; i < n && have < IDENT_MAX; i++)
		if ((unsigned char)s[i] > ' ' && s[i] != 127)
			info[have++] = s[i];
	info[have] = 0;
	return have > 0;
}

/* The answer up to the end of its line, of the connection, or of our patience. */
static size_t read_line(int fd, char *s, size_t room, tain const *deadline)
{
	size_t n = 0;

	while (n < room && !(n > 0 && memchr(s, '\n', n))) {
		ssize_t r = io_read(fd, s + n, room - n, deadline);

		if (r <= 0)
			return n;
		n += (size_t)r;
	}
	return n;
}

int ident_ask(char info[IDENT_MAX + 1], ident_end const *local, ident_end const *remote, tain const *deadline)
{
	char reply[IDENT_REPLY_MAX];
	char question[32];
	size_t n = 0;
	int len = snprintf(question, sizeof question, "%u , %u\r\n", remote->port, local->port);
	int fd = tcp_socket(&remote->ip);

	if (fd < 0)
		return 0;
	/* The other host knows the connection by our address on it. */
	if (tcp_bind(fd, &local->ip) && tcp_connect(fd, &remote->ip, IDENT_PORT, deadline)
	 && io_write(fd, question, (size_t)len, deadline))
		n = read_line(fd, reply, sizeof reply, deadline);
	close(fd);
	return ident_parse(info, reply, n);
}
