/* SPDX-License-Identifier: ISC */

#include "route/recipients.h"

#include <string.h>

#include "base/text.h"

/* Whether the domain is pattern[0..len) or, with below, ends in a dot and that. */
static int fits(char const *pattern, size_t len, int below, char const *domain, size_t n)
{
	if (len > n || text_casecmp(pattern, domain + (n - len), len) != 0)
		return 0;
	return len == n || (below && domain[n - len - 1] == '.');
}

static int is_about(char const *pattern, size_t len, char const *domain, size_t n)
{
	if (len == 1 && pattern[0] == '*')
		return 1;
	if (len > 0 && pattern[0] == '@')
		return fits(pattern + 1, len - 1, 0, domain, n);
	return fits(pattern, len, 1, domain, n);
}

recipients_kind recipients_line(char const *line, char const *domain, size_t n, char const **arg)
{
	size_t end = strcspn(line, ":|");

	*arg = line;
	if (line[0] == '!')
		return strcmp(line, "!*") == 0 || fits(line + 1, strlen(line + 1), 0, domain, n) ? RECIPIENTS_PASS : RECIPIENTS_OTHER;
	if (!line[end])
		return RECIPIENTS_CDB;
	*arg = line + end + 1;
	if (!is_about(line, end, domain, n))
		return RECIPIENTS_OTHER;
	return line[end] == ':' ? RECIPIENTS_CDB : RECIPIENTS_PROGRAM;
}

/* ":" and box[0..n), and the end: from the @ on, or what stands for it. */
static int put_key(stralloc *sa, char const *box, size_t n, char const *end, size_t endlen)
{
	sa->len = 0;
	if (!stralloc_append(sa, ':') || !stralloc_catb(sa, box, n)
	 || !(endlen ? stralloc_catb(sa, end, endlen) : stralloc_cats(sa, "@localhost")))
		return 0;
	text_lowerb(sa->s, sa->len);
	return 1;
}

int recipients_key(stralloc *sa, char const *address, size_t n)
{
	size_t at = text_rchr(address, n, '@');

	return put_key(sa, address, at, address + at, n - at);
}

int recipients_list_key(stralloc *sa, char const *address, size_t n, char separator)
{
	size_t at = text_rchr(address, n, '@');
	char const *first = memchr(address, separator, at);

	if (!first)
		return 0;
	return put_key(sa, address, (size_t)(first - address) + 1, address + at, n - at) ? 1 : -1;
}

size_t recipients_command(stralloc *words, char const *command)
{
	size_t count = 0;

	words->len = 0;
	for (;;) {
		size_t n;

		command += strspn(command, " \t");
		n = strcspn(command, " \t");
		if (n == 0)
			return count;
		if (++count > RECIPIENTS_WORDS || !stralloc_catb(words, command, n) || !stralloc_0(words))
			return 0;
		command += n;
	}
}
