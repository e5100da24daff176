/* SPDX-License-Identifier: ISC */

#ifndef BASE_CONTROL_H
#define BASE_CONTROL_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* Reading control files (qmail-control(5)). Names are relative to the current directory, which is the
 * home: "control/me". CR is data. An empty file is present. */

typedef enum
{
	CONTROL_BAD = -2,       /* there, but not a number (control_readint only) */
	CONTROL_ERROR = -1,     /* there or not, it could not be read: errno; callers must defer */
	CONTROL_ABSENT = 0,
	CONTROL_READ = 1,
} control_status;

/* control_readline: the first line of a file, without trailing blanks and tabs, into *sa (no final NUL).
 * CONTROL_READ, CONTROL_ABSENT (*sa empty) or CONTROL_ERROR. */
extern control_status control_readline(stralloc *sa, char const *file);

/* control_readdefault: as control_readline; when the file is absent, the first line of control/me
 * (if use_me), else the literal (if not null; CONTROL_READ in both cases), else CONTROL_ABSENT. */
extern control_status control_readdefault(stralloc *sa, char const *file, int use_me, char const *literal);

/* control_readint: the decimal digits that the first line starts with, into *n.
 * *n keeps its value unless CONTROL_READ is returned. A first line without a digit gives CONTROL_BAD:
 * programs go on with the default, as qmail does, and say so once in their log. A number over
 * UINT_MAX is taken as UINT_MAX. */
extern control_status control_readint(unsigned int *n, char const *file);

/* One entry of a list file after another; trailing blanks and tabs of each line removed, lines that are
 * then empty or start with # left out. entries holds them NUL-terminated, one behind the other.
 * lines holds n values of type size_t: the number of the line each came from, for messages. */
typedef struct control_list
{
	stralloc entries;
	stralloc lines;
	size_t n;
} control_list;
#define CONTROL_LIST_ZERO { .entries = STRALLOC_ZERO, .lines = STRALLOC_ZERO, .n = 0 }

/* control_readlist: a list file into *l, replacing what was there. A missing file gives CONTROL_ABSENT
 * and an empty list, or, if use_me, a list of the one name in control/me (CONTROL_READ).
 * A NUL in a line ends the entry there. On CONTROL_ERROR *l is as it was before. */
extern control_status control_readlist(control_list *l, char const *file, int use_me);

/* control_line: the number of the line that entry i came from. */
extern size_t control_line(control_list const *l, size_t i);
extern void control_list_free(control_list *l);

/* What the readers make of a text s[0..n), without a file. control_line_length: how long the first line is without
 * blanks and tabs at its end. control_number: the digits it starts with; as control_readint. control_list_parse:
 * the entries of a list file are appended to *l; 1, or 0 without memory. */
extern size_t control_line_length(char const *s, size_t n);
extern control_status control_number(unsigned int *value, char const *s, size_t n);
extern int control_list_parse(control_list *l, char const *s, size_t n);

#endif
