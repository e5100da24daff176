/* SPDX-License-Identifier: ISC */

#ifndef PROTO_POPPASSWD_H
#define PROTO_POPPASSWD_H

#include <stddef.h>
#include <sys/types.h>

#include <skalibs/stralloc.h>

/* users/poppasswd, the accounts that exist for mail alone, and the records of users/poppasswd.cdb that
 * qmail-poppasswd makes of it for qmail-checkpassword.
 *
 * line   name:hash:uid:gid:home:start      a sixth field may be missing; empty lines and lines that start
 *                                          with # are comments
 * key    name in lower case
 * data   hash NUL uid NUL gid NUL home NUL start NUL
 *
 * Names are compared without regard to case: most are mail addresses. Neither id may be 0. */

#define POPPASSWD_TEXT "users/poppasswd"
#define POPPASSWD_CDB "users/poppasswd.cdb"

enum { POPPASSWD_NAME_MAX = 255 };

typedef enum
{
	POPPASSWD_NAME, POPPASSWD_HASH, POPPASSWD_UID, POPPASSWD_GID, POPPASSWD_HOME, POPPASSWD_START,
} poppasswd_field;
enum { POPPASSWD_FIELDS = POPPASSWD_START + 1 };

typedef struct poppasswd_line
{
	char const *field[POPPASSWD_FIELDS];
	size_t len[POPPASSWD_FIELDS];
} poppasswd_line;

typedef enum
{
	POPPASSWD_ACCOUNT,
	POPPASSWD_COMMENT,
	POPPASSWD_BAD,
} poppasswd_status;

/* poppasswd_parse: take a line, its newline removed, apart. *l points into s. When it is bad *problem tells a
 * person what is wrong with it and how to mend it. */
extern poppasswd_status poppasswd_parse(poppasswd_line *l, char const *s, size_t n, char const **problem);

/* poppasswd_format: append the fields as a line, with its newline. 0 when out of memory. */
extern int poppasswd_format(stralloc *sa, poppasswd_line const *l);

/* poppasswd_key: *key becomes the key of a name. poppasswd_data: *data becomes the record of an account.
 * 0 when out of memory. */
extern int poppasswd_key(stralloc *key, char const *name, size_t n);
extern int poppasswd_data(stralloc *data, poppasswd_line const *l);

typedef struct poppasswd_record
{
	char const *hash;
	uid_t uid;
	gid_t gid;
	char const *home;
	char const *start;      /* where the session starts, seen from home; may be empty */
} poppasswd_record;

/* poppasswd_read: the record s[0..n) into *r, which points into s. 1, or 0: the table is damaged. */
extern int poppasswd_read(poppasswd_record *r, char const *s, size_t n);

#endif
