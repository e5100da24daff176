/* SPDX-License-Identifier: ISC */

#include "base/passwd.h"

#include <string.h>

enum { NAME, PASSWORD, UID, GID, GECOS, HOME, SHELL, FIELDS };

int passwd_split(passwd_field *f, char const *s, size_t n, size_t *i)
{
	char const *colon;

	if (*i > n)
		return 0;
	colon = *i < n ? memchr(s + *i, ':', n - *i) : 0;
	f->s = s + *i;
	f->n = colon ? (size_t)(colon - f->s) : n - *i;
	*i += f->n + 1;
	return 1;
}

static uint64_t number(passwd_field const *f)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < f->n && f->s[i] >= '0' && f->s[i] <= '9'; i++) {
		unsigned int digit = (unsigned int)(f->s[i] - '0');

		value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
	}
	return value;
}

int passwd_parse(passwd_account *a, char const *s, size_t n)
{
	passwd_field f[FIELDS] = { { 0, 0 } };
	size_t i = 0;
	unsigned int k;

	if (n == 0 || memchr(s, 0, n))
		return 0;
	for (k = 0; k < FIELDS; k++)
		if (!passwd_split(&f[k], s, n, &i))
			return 0;
	if (f[NAME].n == 0)
		return 0;
	a->name = f[NAME];
	a->uid = f[UID];
	a->gid = f[GID];
	a->home = f[HOME];
	a->uid_number = number(&a->uid);
	return 1;
}
