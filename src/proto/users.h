/* SPDX-License-Identifier: ISC */

#ifndef PROTO_USERS_H
#define PROTO_USERS_H

#include <stddef.h>
#include <sys/types.h>

#include <skalibs/stralloc.h>

/* users/assign, and the records of users/cdb that qmail-newu makes of it for qmail-lspawn (qmail-users(5)).
 *
 * line       =local:user:uid:gid:home:dash:ext:   the address local
 *            +loc:user:uid:gid:home:dash:pre:     every address that starts with loc; loc may be empty
 *            .                                    the end
 * key        ! local in lower case, then NUL if the line is simple
 * data       user NUL uid NUL gid NUL home NUL dash NUL ext
 * empty key  the set of the last bytes of all loc: only behind one of these a shorter prefix is worth a look
 *
 * qmail-getpw answers in the same form, with a NUL after ext. */

/* ---- users/assign */

enum { USERS_FIELDS = 6 };              /* user, uid, gid, home, dash, ext */

typedef struct users_line
{
	char sign;                      /* = or + */
	char const *local;
	size_t locallen;
	char const *field[USERS_FIELDS];
	size_t fieldlen[USERS_FIELDS];
} users_line;

typedef enum
{
	USERS_LINE_OK,
	USERS_LINE_END,
	USERS_LINE_EMPTY,
	USERS_LINE_NUL,
	USERS_LINE_NONAME,              /* starts with a colon */
	USERS_LINE_SIGN,                /* starts with neither = nor + */
	USERS_LINE_SHORT,               /* fewer than seven colons */
} users_line_status;

/* users_line_parse: take a line, its newline removed, apart. *l points into s. Text behind the seventh
 * colon is ignored. */
extern users_line_status users_line_parse(users_line *l, char const *s, size_t n);

/* users_line_problem: what is wrong with a line of that status, and how to mend it, for a person.
 * users_line_doubt: for a line that is OK in form: what qmail-lspawn will not accept or what is most
 * likely not meant; null when there is nothing to say. */
extern char const *users_line_problem(users_line_status st);
extern char const *users_line_doubt(users_line const *l);

/* users_line_record: append key and data to *key and *data. 0 when out of memory. */
extern int users_line_record(users_line const *l, stralloc *key, stralloc *data);

/* users_line_has_key: whether the key of the line's record is key[0..n), in lower case. */
extern int users_line_has_key(users_line const *l, char const *key, size_t n);

/* users/assign line by line. Start with { .s = text, .n = its length }. */
typedef struct users_text
{
	char const *s;
	size_t n;
	size_t at;                      /* where the next line starts */
	size_t line;                    /* number of the present one */
	char const *start;              /* its text, without the newline */
	size_t length;
	users_line_status status;
	users_line entry;               /* if the status is OK */
} users_text;

/* users_text_next: 1 and the next line, up to the one that ends the file; 0 when there is none.
 * users_text_mistake: why qmail-newu does not take the whole of s[0..n), for a person, and *line, 0 if it is about
 * the file; null when it does. */
extern int users_text_next(users_text *t);
extern char const *users_text_mistake(char const *s, size_t n, size_t *line);

/* ---- users/cdb */

/* users_open: a descriptor of users/cdb, or of users/assign.cdb where there is no users/cdb, below the current
 * directory; -1 with errno, ENOENT if there is neither. */
extern int users_open(void);

/* ---- records */

typedef struct users_record
{
	char const *user;
	uid_t uid;                      /* not 0 */
	gid_t gid;
	char const *home;               /* absolute */
	char const *dash;
	char const *ext;
} users_record;

typedef enum
{
	USERS_RECORD_OK,
	USERS_RECORD_DAMAGED,           /* not six strings */
	USERS_RECORD_ROOT,              /* uid 0, or no number */
	USERS_RECORD_ID,                /* gid no number, or an id that no user can have; r->user is valid */
	USERS_RECORD_HOME,              /* home does not start with a slash; r->user and r->home are valid */
} users_record_status;

/* users_record_parse: six NUL-terminated strings in s[0..n); *r points into s. An id is the digits its
 * field starts with. Behind the sixth string there may be more NULs but nothing else. */
extern users_record_status users_record_parse(users_record *r, char const *s, size_t n);

#endif
