/* SPDX-License-Identifier: ISC */

#include "proto/record.h"

#include <errno.h>
#include <string.h>

record_status record_next(record_reader *r, char const *block, size_t n, size_t *pos)
{
	char const *start = block + *pos;
	size_t left = n - *pos;
	char const *nul = left ? memchr(start, 0, left) : 0;
	size_t len = nul ? (size_t)(nul - start) : left;

	if (r->given) {
		r->part.len = 0;
		r->given = 0;
	}
	if (len > RECORD_MAX - r->part.len)
		return RECORD_LONG;
	if (!nul) {
		if (len && !stralloc_catb(&r->part, start, len))
			return RECORD_NOMEM;
		*pos = n;
		return RECORD_MORE;
	}
	if (r->part.len) {
		if (!stralloc_catb(&r->part, start, len + 1))
			return RECORD_NOMEM;
		r->s = r->part.s;
		r->n = r->part.len - 1;
	} else {
		r->s = start;
		r->n = len;
	}
	r->given = 1;
	*pos += len + 1;
	r->offset = r->next;
	r->next += r->n + 1;
	return RECORD_READY;
}

int record_cut(record_reader const *r)
{
	return !r->given && r->part.len > 0;
}

void record_rewind(record_reader *r, uint64_t offset)
{
	r->part.len = 0;
	r->given = 0;
	r->s = 0;
	r->n = 0;
	r->offset = r->next = offset;
}

void record_free(record_reader *r)
{
	stralloc_free(&r->part);
	record_rewind(r, 0);
}

int record_put(stralloc *sa, char letter, char const *s, size_t n)
{
	if (n > RECORD_MAX - 1)
		return errno = EMSGSIZE, 0;
	if (n && memchr(s, 0, n))
		return errno = EINVAL, 0;
	if (!stralloc_readyplus(sa, n + 2))
		return 0;
	sa->s[sa->len++] = letter;
	if (n)
		memcpy(sa->s + sa->len, s, n);
	sa->len += n;
	sa->s[sa->len++] = 0;
	return 1;
}
