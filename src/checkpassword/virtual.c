/* SPDX-License-Identifier: ISC */

#include "virtual.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <cdb.h>

#include "base/table.h"
#include "base/text.h"
#include "proto/poppasswd.h"
#include "secret.h"

/* 1 with *data, 0: nobody of that name, -1: *why. */
static int find(struct cdb *c, char const *name, char const **data, unsigned int *len, char const **why)
{
	stralloc key = STRALLOC_ZERO;
	int r;

	if (!poppasswd_key(&key, name, strlen(name)))
		return *why = "out of memory", -1;
	r = table_find(c, key.s, key.len);
	stralloc_free(&key);
	if (r > 0) {
		*len = cdb_datalen(c);
		*data = *len ? cdb_getdata(c) : "";
	}
	if (r < 0 || (r > 0 && !*data))
		return errno = 0, *why = "it is damaged; run qmail-poppasswd -c", -1;
	return r;
}

static verdict compare(account *a, poppasswd_record const *r, char const *name, char const *password, char const **why)
{
	int same = secret_matches(r->hash, password);

	if (same < 0 || (same && !account_fill(a, name, r->home, r->start, "/bin/sh")))
		return *why = "out of memory", VERDICT_TROUBLE;
	if (!same)
		return VERDICT_NO;
	/* however the client wrote it */
	text_lowerb(a->name.s, a->name.len);
	a->uid = r->uid;
	a->gid = r->gid;
	a->groups[0] = r->gid;
	a->n = 1;
	return VERDICT_YES;
}

static verdict ask(account *a, int fd, char const *name, char const *password, char const **why)
{
	struct cdb c;
	poppasswd_record record;
	char const *data = 0;
	unsigned int len = 0;
	verdict v = VERDICT_TROUBLE;
	int found;

	if (cdb_init(&c, fd) < 0)
		return errno = 0, *why = "it is damaged; run qmail-poppasswd -c", VERDICT_TROUBLE;
	found = find(&c, name, &data, &len, why);
	if (found == 0)
		v = VERDICT_UNKNOWN;
	else if (found > 0 && !poppasswd_read(&record, data, len))
		errno = 0, *why = "it is damaged; run qmail-poppasswd -c";
	else if (found > 0)
		v = compare(a, &record, name, password, why);
	cdb_free(&c);
	return v;
}

verdict virtual_check(account *a, char const *home, char const *name, char const *password, char const **why)
{
	int dir = open(home, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = dir < 0 ? -1 : openat(dir, POPPASSWD_CDB, O_RDONLY | O_CLOEXEC);
	int e = errno;
	verdict v;

	if (dir >= 0)
		close(dir);
	if (fd < 0) {
		errno = e;
		*why = "it cannot be opened";
		return e == ENOENT ? VERDICT_UNKNOWN : VERDICT_TROUBLE;
	}
	v = ask(a, fd, name, password, why);
	close(fd);
	return v;
}
