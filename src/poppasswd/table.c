/* SPDX-License-Identifier: ISC */

#include "table.h"

#include <errno.h>
#include <string.h>

#include <cdb.h>

#include "base/text.h"

/* The next line of *s..end without its newline: its length, and *s is behind it. */
static size_t cut_line(char const **s, char const *end)
{
	char const *start = *s;
	char const *lf = memchr(start, '\n', (size_t)(end - start));

	*s = lf ? lf + 1 : end;
	return (size_t)((lf ? lf : end) - start);
}

static int is_about(poppasswd_line const *a, poppasswd_line const *b)
{
	size_t n = a->len[POPPASSWD_NAME];

	return n == b->len[POPPASSWD_NAME] && text_casecmp(a->field[POPPASSWD_NAME], b->field[POPPASSWD_NAME], n) == 0;
}

static int put_plain(stralloc *after, char const *s, size_t n)
{
	return stralloc_catb(after, s, n) && stralloc_catb(after, "\n", 1);
}

/* What becomes of the line that the wanted account has. */
static int put_changed(stralloc *after, poppasswd_line const *old, table_action action, poppasswd_line const *wanted)
{
	poppasswd_line mixed = *old;

	if (action == TABLE_REMOVE)
		return 1;
	if (action == TABLE_PUT)
		return poppasswd_format(after, wanted);
	mixed.field[POPPASSWD_HASH] = wanted->field[POPPASSWD_HASH];
	mixed.len[POPPASSWD_HASH] = wanted->len[POPPASSWD_HASH];
	return poppasswd_format(after, &mixed);
}

table_status table_edit(stralloc *after, char const *s, size_t n, table_action action, poppasswd_line const *l,
	table_fault *fault)
{
	char const *end = s + n;
	int found = action == TABLE_KEEP;

	for (fault->line = 1; s < end; fault->line++) {
		char const *start = s;
		size_t len = cut_line(&s, end);
		poppasswd_line old;
		poppasswd_status status = poppasswd_parse(&old, start, len, &fault->problem);
		int ok;

		if (status == POPPASSWD_BAD)
			return TABLE_BAD;
		if (status == POPPASSWD_ACCOUNT && action != TABLE_KEEP && is_about(&old, l)) {
			if (found)
				return TABLE_TWICE;
			found = 1;
			ok = put_changed(after, &old, action, l);
		} else {
			ok = put_plain(after, start, len);
		}
		if (!ok)
			return TABLE_NOMEM;
	}
	if (found)
		return TABLE_OK;
	if (action != TABLE_PUT)
		return TABLE_ABSENT;
	return poppasswd_format(after, l) ? TABLE_OK : TABLE_NOMEM;
}

typedef struct compilation
{
	struct cdb_make cdb;
	stralloc key;
	stralloc data;
} compilation;

static table_status compile_line(compilation *c, poppasswd_line const *l)
{
	int r;

	if (!poppasswd_key(&c->key, l->field[POPPASSWD_NAME], l->len[POPPASSWD_NAME]) || !poppasswd_data(&c->data, l))
		return TABLE_NOMEM;
	r = cdb_make_put(&c->cdb, c->key.s, (unsigned int)c->key.len, c->data.s, (unsigned int)c->data.len,
		CDB_PUT_INSERT);
	return r < 0 ? TABLE_ERROR : r > 0 ? TABLE_TWICE : TABLE_OK;
}

static table_status compile_all(compilation *c, char const *s, size_t n, table_fault *fault)
{
	char const *end = s + n;
	table_status status = TABLE_OK;

	for (fault->line = 0; s < end && status == TABLE_OK; ) {
		char const *start = s;
		size_t len = cut_line(&s, end);
		poppasswd_line l;

		fault->line++;
		switch (poppasswd_parse(&l, start, len, &fault->problem)) {
		case POPPASSWD_BAD:
			status = TABLE_BAD;
			break;
		case POPPASSWD_ACCOUNT:
			status = compile_line(c, &l);
			break;
		case POPPASSWD_COMMENT:
			break;
		}
	}
	return status;
}

table_status table_compile(int fd, char const *s, size_t n, table_fault *fault)
{
	compilation c = { .key = STRALLOC_ZERO, .data = STRALLOC_ZERO };
	table_status status;

	if (cdb_make_start(&c.cdb, fd) < 0)
		return TABLE_ERROR;
	status = compile_all(&c, s, n, fault);
	/* Also what failed must be finished: that frees its memory. */
	if (cdb_make_finish(&c.cdb) < 0 && status == TABLE_OK)
		status = TABLE_ERROR;
	stralloc_free(&c.key);
	stralloc_free(&c.data);
	return status;
}
