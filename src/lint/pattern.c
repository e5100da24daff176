/* SPDX-License-Identifier: ISC */

#include "pattern.h"

#include <string.h>

#include "base/text.h"

typedef struct problem
{
	char const *what;
	char const *cure;
} problem;

static problem const blank = { "a blank in the pattern, which can never match", "remove the blank" };
static problem const at = { "a pattern with an @, which can never match", "write the domain alone" };
static problem const bare = { "an address without a box, which can never match", "write the domain without the @" };
static problem const star = { "qmail knows no asterisks, so this pattern can never match",
	"write .domain for all names below a domain" };
static problem const no_star = { "qmail knows no asterisks, so this pattern can never match", "write each name" };
static problem const final = { "a dot at the end, with which nobody writes an address, so this pattern can never match",
	"remove the dot" };
static problem const twice = { "two dots in a row, so this pattern can never match", "remove one" };
static problem const suffix = { "there are no patterns that start with a dot here, so this one can never match",
	"write each name" };
static problem const letters = { "letters that are not ASCII, so this pattern can match no usual address",
	"write the domain as xn--..." };

static problem const *domain_problem(char const *s, size_t n, unsigned int allowed)
{
	size_t i;

	if (n > 0 && s[0] == '[' && allowed & PATTERN_LITERAL)
		return 0;
	if (n > 0 && memchr(s, '*', n))
		return allowed & PATTERN_SUFFIX ? &star : &no_star;
	if (n > 0 && s[0] == '.' && !(allowed & PATTERN_SUFFIX))
		return &suffix;
	if (n > 0 && s[n - 1] == '.')
		return &final;
	for (i = 0; i < n; i++) {
		if (s[i] == '.' && i > 0 && s[i - 1] == '.')
			return &twice;
		if ((unsigned char)s[i] > 127)
			return &letters;
	}
	return 0;
}

static problem const *find_problem(char const *key, size_t n, unsigned int allowed)
{
	size_t where = text_rchr(key, n, '@');

	if ((n == 0 && allowed & PATTERN_EMPTY) || (n == 1 && key[0] == '*' && allowed & PATTERN_STAR))
		return 0;
	if (n > 0 && (memchr(key, ' ', n) || memchr(key, '\t', n)))
		return &blank;
	if (where == n)
		return domain_problem(key, n, allowed);
	if (where == 0 && !(allowed & PATTERN_HOST))
		return allowed & PATTERN_ADDRESS ? &bare : &at;
	if (where > 0 && !(allowed & PATTERN_ADDRESS))
		return &at;
	return domain_problem(key + where + 1, n - where - 1, allowed & ~(unsigned int)PATTERN_SUFFIX);
}

char const *pattern_problem(char const *key, size_t n, unsigned int allowed, char const **cure)
{
	problem const *p = find_problem(key, n, allowed);

	if (!p)
		return 0;
	*cure = p->cure;
	return p->what;
}
