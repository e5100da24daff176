/* SPDX-License-Identifier: ISC */

#include "proto/poppasswd.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

/* Not 0, which is root's, nor what the kernel takes for "leave it as it is". */
static int id_parse(uint32_t *id, char const *s, size_t n)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return 0;
		v = v * 10 + (uint64_t)(s[i] - '0');
		if (v >= UINT32_MAX)
			return 0;
	}
	*id = (uint32_t)v;
	return v > 0;
}

static int has_control(char const *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((unsigned char)s[i] < 32 || s[i] == 127)
			return 1;
	return 0;
}

/* Up to the next colon; the last field takes what is left. */
static void split(poppasswd_line *l, char const *s, size_t n)
{
	char const *end = s + n;
	unsigned int i;

	for (i = 0; i < POPPASSWD_FIELDS; i++) {
		char const *colon = i < POPPASSWD_START ? memchr(s, ':', (size_t)(end - s)) : 0;

		l->field[i] = s;
		l->len[i] = (size_t)((colon ? colon : end) - s);
		s = colon ? colon + 1 : end;
	}
}

static char const *problem_of(poppasswd_line const *l)
{
	uint32_t id;

	if (l->len[POPPASSWD_NAME] == 0)
		return "it has no name; write name:hash:uid:gid:home:start";
	if (l->len[POPPASSWD_NAME] > POPPASSWD_NAME_MAX)
		return "the name is longer than 255 bytes; no client can say it";
	if (l->len[POPPASSWD_HASH] == 0)
		return "there is no hash; give the account a password, or write * for none";
	if (!id_parse(&id, l->field[POPPASSWD_UID], l->len[POPPASSWD_UID]))
		return "the uid is not the number of a user other than root";
	if (!id_parse(&id, l->field[POPPASSWD_GID], l->len[POPPASSWD_GID]))
		return "the gid is not the number of a group other than root's";
	if (l->len[POPPASSWD_HOME] == 0 || l->field[POPPASSWD_HOME][0] != '/')
		return "the home directory does not start with a slash";
	if (l->len[POPPASSWD_START] > 0 && memchr(l->field[POPPASSWD_START], ':', l->len[POPPASSWD_START]))
		return "there are more than six fields";
	return 0;
}

poppasswd_status poppasswd_parse(poppasswd_line *l, char const *s, size_t n, char const **problem)
{
	*problem = 0;
	if (n == 0 || s[0] == '#')
		return POPPASSWD_COMMENT;
	if (has_control(s, n)) {
		*problem = "there is a control character in it; write the line anew";
		return POPPASSWD_BAD;
	}
	split(l, s, n);
	*problem = problem_of(l);
	return *problem ? POPPASSWD_BAD : POPPASSWD_ACCOUNT;
}

int poppasswd_format(stralloc *sa, poppasswd_line const *l)
{
	unsigned int i;

	for (i = 0; i < POPPASSWD_FIELDS; i++)
		if (!stralloc_catb(sa, l->field[i], l->len[i]) || !stralloc_catb(sa, i < POPPASSWD_START ? ":" : "\n", 1))
			return 0;
	return 1;
}

int poppasswd_key(stralloc *key, char const *name, size_t n)
{
	if (!stralloc_copyb(key, name, n))
		return 0;
	text_lowerb(key->s, key->len);
	return 1;
}

int poppasswd_data(stralloc *data, poppasswd_line const *l)
{
	unsigned int i;

	data->len = 0;
	for (i = POPPASSWD_HASH; i < POPPASSWD_FIELDS; i++)
		if (!stralloc_catb(data, l->field[i], l->len[i]) || !stralloc_0(data))
			return 0;
	return 1;
}

int poppasswd_read(poppasswd_record *r, char const *s, size_t n)
{
	char const *field[POPPASSWD_FIELDS];
	char const *end = s + n;
	unsigned int i;

	for (i = POPPASSWD_HASH; i < POPPASSWD_FIELDS; i++) {
		char const *nul = s < end ? memchr(s, 0, (size_t)(end - s)) : 0;

		if (!nul)
			return 0;
		field[i] = s;
		s = nul + 1;
	}
	if (s != end)
		return 0;
	r->hash = field[POPPASSWD_HASH];
	r->home = field[POPPASSWD_HOME];
	r->start = field[POPPASSWD_START];
	return r->home[0] == '/' && id_parse(&r->uid, field[POPPASSWD_UID], strlen(field[POPPASSWD_UID]))
		&& id_parse(&r->gid, field[POPPASSWD_GID], strlen(field[POPPASSWD_GID]));
}
