/* SPDX-License-Identifier: ISC */

#include "mail/crowded.h"

#include <string.h>

enum { CODE = 3, STATUS_AT = CODE + 1, STATUS = 5 };

int crowded_is(char const *s, size_t n)
{
	if (n < CODE || (s[0] != '4' && s[0] != '5'))
		return 0;
	if (memcmp(s + 1, "52", CODE - 1) == 0)
		return n == CODE || s[CODE] < '0' || s[CODE] > '9';
	if (n < STATUS_AT + STATUS)
		return 0;
	if ((s[STATUS_AT] != '4' && s[STATUS_AT] != '5') || memcmp(s + STATUS_AT + 1, ".5.3", STATUS - 1) != 0)
		return 0;
	n -= STATUS_AT + STATUS;
	s += STATUS_AT + STATUS;
	return n == 0 || *s < '0' || *s > '9';
}
