/* SPDX-License-Identifier: ISC */

#include "mail/argument.h"

#include <string.h>

int argument_bare(char const *argument, char const **s, size_t *n)
{
	size_t len = strlen(argument);
	char const *open = strrchr(argument, '<');
	int closed = len > 0 && argument[len - 1] == '>';

	*s = argument;
	*n = len;
	if (!closed)
		return argument[0] != '<';
	if (!open)
		return 0;
	*s = open + 1;
	*n = (size_t)(argument + len - 1 - *s);
	return *n == 0 || (*s)[*n - 1] != '>';
}
