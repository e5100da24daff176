/* SPDX-License-Identifier: ISC */

#include "identify.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <cdb.h>

#include "proto/getpw.h"
#include "proto/report.h"
#include "proto/users.h"
#include "route/assign.h"

char const identify_cdb[] = "users/cdb";
char const identify_passwd[] = "the password file";

/* 0 found, an exit code, or -1: the table has no answer or there is no table. */
static int by_cdb(stralloc *record, char const *local)
{
	struct cdb c;
	assign_status st;
	int fd = users_open();

	if (fd < 0)
		return errno == ENOENT ? -1 : REPORT_CDB;
	if (cdb_init(&c, fd) < 0) {
		close(fd);
		return REPORT_CDB;
	}
	st = assign_lookup(assign_cdb, &c, local, strlen(local), record);
	cdb_free(&c);
	close(fd);
	switch (st) {
	case ASSIGN_FOUND:
		return 0;
	case ASSIGN_NONE:
		return -1;
	case ASSIGN_NOMEM:
		return REPORT_NOMEM;
	case ASSIGN_DAMAGED:
		break;
	}
	return REPORT_CDB;
}

int identify_user(stralloc *record, char const *local, int root, char const **source)
{
	int r = by_cdb(record, local);

	*source = identify_cdb;
	if (r >= 0)
		return r;
	*source = identify_passwd;
	return getpw_ask(record, local, root);
}
