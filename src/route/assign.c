/* SPDX-License-Identifier: ISC */

#include "route/assign.h"

#include <limits.h>
#include <string.h>

#include <cdb.h>

#include "base/table.h"
#include "base/text.h"

int assign_cdb(void *table, char const *key, size_t n, char const **data, size_t *datalen)
{
	struct cdb *c = table;
	int r = table_find(c, key, n);

	if (r <= 0)
		return r;
	*datalen = cdb_datalen(c);
	*data = *datalen ? cdb_getdata(c) : "";
	return *data ? 1 : -1;
}

static assign_status found(stralloc *record, char const *data, size_t datalen, char const *rest, size_t restlen)
{
	record->len = 0;
	if (!stralloc_catb(record, data, datalen) || !stralloc_catb(record, rest, restlen) || !stralloc_0(record))
		return ASSIGN_NOMEM;
	return ASSIGN_FOUND;
}

/* key is ! and the address in lower case and a NUL; wild[] tells behind which bytes a prefix may end. */
static assign_status search(assign_find *find, void *table, stralloc const *key, char const *wild,
	char const *local, size_t n, stralloc *record)
{
	char const *data;
	size_t datalen;
	size_t i;

	for (i = key->len; i > 0; i--) {
		int r;

		if (i < key->len && i > 1 && !wild[(unsigned char)key->s[i - 1]])
			continue;
		r = find(table, key->s, i, &data, &datalen);
		if (r < 0)
			return ASSIGN_DAMAGED;
		if (r > 0 && i == key->len)
			return found(record, data, datalen, "", 0);
		if (r > 0)
			return found(record, data, datalen, local + (i - 1), n - (i - 1));
	}
	return ASSIGN_NONE;
}

assign_status assign_lookup(assign_find *find, void *table, char const *local, size_t n, stralloc *record)
{
	stralloc key = STRALLOC_ZERO;
	char wild[UCHAR_MAX + 1] = { 0 };
	char const *set;
	size_t setlen;
	assign_status st = ASSIGN_NOMEM;

	/* Every table has the set, even if it is empty: without it this is not one of qmail-newu's. */
	if (find(table, "", 0, &set, &setlen) <= 0)
		return ASSIGN_DAMAGED;
	while (setlen > 0)
		wild[(unsigned char)set[--setlen]] = 1;
	if (stralloc_catb(&key, "!", 1) && stralloc_catb(&key, local, n) && stralloc_0(&key)) {
		text_lowerb(key.s, key.len);
		st = search(find, table, &key, wild, local, n, record);
	}
	stralloc_free(&key);
	return st;
}
