/* SPDX-License-Identifier: ISC */

#include "proto/users.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

/* ---- users/assign */

users_line_status users_line_parse(users_line *l, char const *s, size_t n)
{
	char const *end = s + n;
	char const *colon;
	size_t i;

	if (n == 0)
		return USERS_LINE_EMPTY;
	if (s[0] == '.')
		return USERS_LINE_END;
	if (memchr(s, 0, n))
		return USERS_LINE_NUL;
	if (s[0] == ':')
		return USERS_LINE_NONAME;
	if (s[0] != '=' && s[0] != '+')
		return USERS_LINE_SIGN;
	colon = memchr(s, ':', n);
	if (!colon)
		return USERS_LINE_SHORT;
	l->sign = s[0];
	l->local = s + 1;
	l->locallen = (size_t)(colon - l->local);
	for (i = 0; i < USERS_FIELDS; i++) {
		l->field[i] = colon + 1;
		colon = memchr(l->field[i], ':', (size_t)(end - l->field[i]));
		if (!colon)
			return USERS_LINE_SHORT;
		l->fieldlen[i] = (size_t)(colon - l->field[i]);
	}
	return USERS_LINE_OK;
}

char const *users_line_problem(users_line_status st)
{
	switch (st) {
	case USERS_LINE_EMPTY:
		return "an empty line is not allowed; remove it";
	case USERS_LINE_NUL:
		return "there is a NUL byte in it; write the line anew";
	case USERS_LINE_NONAME:
		return "it starts with a colon; write =address: or +prefix: first";
	case USERS_LINE_SIGN:
		return "it starts with neither = nor +; write =address: or +prefix: first, and no comments";
	case USERS_LINE_SHORT:
		return "it has fewer than seven colons; write =address:user:uid:gid:home:dash:ext:";
	case USERS_LINE_OK:
	case USERS_LINE_END:
		break;
	}
	return "";
}

static size_t digits(char const *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] >= '0' && s[i] <= '9')
		i++;
	return i;
}

static int is_zero(char const *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] == '0')
		i++;
	return i == digits(s, n);
}

char const *users_line_doubt(users_line const *l)
{
	if (l->fieldlen[1] == 0 || digits(l->field[1], l->fieldlen[1]) != l->fieldlen[1])
		return "the uid is not a number";
	if (l->fieldlen[2] == 0 || digits(l->field[2], l->fieldlen[2]) != l->fieldlen[2])
		return "the gid is not a number";
	if (is_zero(l->field[1], l->fieldlen[1]))
		return "uid 0 gets no mail: qmail-lspawn will not deliver as root";
	if (l->fieldlen[3] == 0 || l->field[3][0] != '/')
		return "the home directory does not start with a slash: mail will wait";
	return 0;
}

int users_line_record(users_line const *l, stralloc *key, stralloc *data)
{
	size_t start = key->len;
	size_t i;

	if (!stralloc_catb(key, "!", 1) || !stralloc_catb(key, l->local, l->locallen))
		return 0;
	text_lowerb(key->s + start, key->len - start);
	if (l->sign != '+' && !stralloc_0(key))
		return 0;
	for (i = 0; i < USERS_FIELDS; i++) {
		if (i > 0 && !stralloc_0(data))
			return 0;
		if (!stralloc_catb(data, l->field[i], l->fieldlen[i]))
			return 0;
	}
	return 1;
}

int users_line_has_key(users_line const *l, char const *key, size_t n)
{
	size_t end = l->sign != '+';

	return n == 1 + l->locallen + end && key[0] == '!' && (!end || !key[n - 1])
		&& text_casecmp(l->local, key + 1, l->locallen) == 0;
}

int users_text_next(users_text *t)
{
	char const *newline;

	if (t->at >= t->n || (t->line && t->status == USERS_LINE_END))
		return 0;
	t->start = t->s + t->at;
	newline = memchr(t->start, '\n', t->n - t->at);
	t->length = newline ? (size_t)(newline - t->start) : t->n - t->at;
	t->at += t->length + 1;
	t->line++;
	t->status = users_line_parse(&t->entry, t->start, t->length);
	return 1;
}

char const *users_text_mistake(char const *s, size_t n, size_t *line)
{
	users_text t = { .s = s, .n = n };

	while (users_text_next(&t)) {
		*line = t.line;
		if (t.status == USERS_LINE_END)
			return 0;
		if (t.status != USERS_LINE_OK)
			return users_line_problem(t.status);
	}
	*line = 0;
	return "no line that is a single dot ends it; add one";
}

/* ---- users/cdb */

int users_open(void)
{
	int fd = open("users/cdb", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		fd = open("users/assign.cdb", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd;
}

/* ---- records */

/* (uid_t)-1 and (gid_t)-1 mean "leave it as it is" to the kernel: they are nobody's ids. */
static int id_parse(uint64_t *id, char const *s)
{
	size_t n = digits(s, strlen(s));
	size_t i;

	*id = 0;
	for (i = 0; i < n; i++) {
		*id = *id * 10 + (uint64_t)(s[i] - '0');
		if (*id >= UINT32_MAX)
			return 0;
	}
	return n > 0;
}

users_record_status users_record_parse(users_record *r, char const *s, size_t n)
{
	char const *field[USERS_FIELDS];
	uint64_t uid;
	uint64_t gid;
	size_t i;

	for (i = 0; i < USERS_FIELDS; i++) {
		char const *end = n ? memchr(s, 0, n) : 0;

		if (!end)
			return USERS_RECORD_DAMAGED;
		field[i] = s;
		n -= (size_t)(end - s) + 1;
		s = end + 1;
	}
	for (i = 0; i < n; i++)
		if (s[i])
			return USERS_RECORD_DAMAGED;
	r->user = field[0];
	r->home = field[3];
	r->dash = field[4];
	r->ext = field[5];
	if (!id_parse(&uid, field[1]) && uid == 0)
		return USERS_RECORD_ROOT;
	if (uid >= UINT32_MAX || !id_parse(&gid, field[2]))
		return USERS_RECORD_ID;
	r->uid = (uid_t)uid;
	r->gid = (gid_t)gid;
	if (uid == 0)
		return USERS_RECORD_ROOT;
	if (r->home[0] != '/')
		return USERS_RECORD_HOME;
	return USERS_RECORD_OK;
}
