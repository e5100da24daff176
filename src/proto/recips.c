/* SPDX-License-Identifier: ISC */

#include "proto/recips.h"

#include <errno.h>
#include <unistd.h>

int recips_put(stralloc *sa, char const *recipient, size_t n)
{
	return record_put(sa, 'T', recipient, n);
}

int recips_mark(int fd, uint64_t offset)
{
	ssize_t r;

	do
		r = pwrite(fd, "D", 1, (off_t)offset);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		errno = EIO;
	return r == 1;
}

recips_status recips_next(recips_reader *r, char const *block, size_t n, size_t *pos)
{
	switch (record_next(&r->records, block, n, pos)) {
	case RECORD_NOMEM: return RECIPS_NOMEM;
	case RECORD_LONG: return RECIPS_BAD;
	case RECORD_MORE: return RECIPS_MORE;
	case RECORD_READY: break;
	}
	r->offset = r->records.offset;
	r->recipient = r->records.n ? r->records.s + 1 : r->records.s;
	r->len = r->records.n ? r->records.n - 1 : 0;
	switch (r->records.s[0]) {
	case 'T': return RECIPS_TODO;
	case 'D': return RECIPS_DONE;
	default: return RECIPS_BAD;
	}
}

int recips_cut(recips_reader const *r)
{
	return record_cut(&r->records);
}

void recips_rewind(recips_reader *r, uint64_t offset)
{
	record_rewind(&r->records, offset);
	r->recipient = 0;
	r->len = 0;
	r->offset = offset;
}

void recips_free(recips_reader *r)
{
	recips_rewind(r, 0);
	record_free(&r->records);
}
