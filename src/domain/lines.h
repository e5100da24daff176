/* SPDX-License-Identifier: ISC */

#ifndef DOMAIN_LINES_H
#define DOMAIN_LINES_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* Lines of the files that a domain stands in, found, put in and taken out. The text is theirs who wrote it: order,
 * comments and whatever else is in it stay as they are. Names compare without regard to case. */

typedef enum
{
	LINES_LIST,             /* the line is the name: rcpthosts */
	LINES_MAP,              /* NAME:value: virtualdomains */
	LINES_ASSIGN,           /* +NAME-:..., up to the line that ends users/assign */
} lines_kind;

typedef struct lines_found
{
	size_t number;          /* of the line */
	char const *line;       /* without its newline and blanks at its end (LINES_ASSIGN: with those) */
	size_t length;
} lines_found;

/* lines_find: the line of s[0..n) that counts for a name: of several the last, but of LINES_ASSIGN the first. 1, or 0
 * if there is none. */
extern int lines_find(lines_found *f, lines_kind kind, char const *s, size_t n, char const *name);

/* lines_entries: how many lines of a list or map there are that are neither empty nor comments. */
extern size_t lines_entries(char const *s, size_t n);

/* lines_add: s[0..n) with line[0..len) more, at the end (LINES_ASSIGN: before the line that ends it, which is made if
 * the text is empty), into *out. A last line without a newline gets one. 0 without memory.
 * lines_remove: s[0..n) without the lines of a name, and these, with a newline between them, into *gone unless that is
 * null. */
extern int lines_add(stralloc *out, lines_kind kind, char const *s, size_t n, char const *line, size_t len);
extern int lines_remove(stralloc *out, stralloc *gone, lines_kind kind, char const *s, size_t n, char const *name);

/* lines_name: whether a domain, perhaps with a dot in front for all names below it, can be one: letters, digits,
 * hyphens and underscores between single dots, of 63 and altogether 253 bytes at most. */
extern int lines_name(char const *domain);

#endif
