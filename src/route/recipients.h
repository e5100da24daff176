/* SPDX-License-Identifier: ISC */

#ifndef ROUTE_RECIPIENTS_H
#define ROUTE_RECIPIENTS_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* control/recipients: who knows the users of which domains, in the form that s/qmail has for it.
 *
 * domain:cdb            the domain and all below it; addresses are keys of a cdb, a colon in front
 * domain|program arg    the same; a program is asked
 * @domain:, @domain|    the domain alone
 * *:, *|                every domain
 * cdb                   the same as *:cdb
 * !domain               addresses of that domain alone are not looked at
 * !*                    nor are any
 *
 * The lines are gone through in their order until one knows the address. */

typedef enum
{
	RECIPIENTS_OTHER,               /* the line is about other domains */
	RECIPIENTS_PASS,
	RECIPIENTS_CDB,
	RECIPIENTS_PROGRAM,
} recipients_kind;

/* recipients_line: what a line (NUL-terminated) has to say about domain[0..n); case does not count. *arg, a part of line, is
 * the file or the command. */
extern recipients_kind recipients_line(char const *line, char const *domain, size_t n, char const **arg);

/* recipients_key: the key of address[0..n): a colon and the address in lower case, with @localhost if it has no @.
 * recipients_list_key: that of the list it may be a variable address of: in the box, what is behind the first
 * separator goes. 1, 0 if it has no separator there, -1 when out of memory.
 * What is behind the colon is the address that programs get. Into *sa, replacing what was there, no final NUL. */
extern int recipients_key(stralloc *sa, char const *address, size_t n);
extern int recipients_list_key(stralloc *sa, char const *address, size_t n, char separator);

/* recipients_command: the words of a command, divided by blanks, into *words, each with a NUL behind it; the first is the
 * program. How many: at most RECIPIENTS_WORDS; 0: there is none, or too many, or out of memory. */
enum { RECIPIENTS_WORDS = 6 };
extern size_t recipients_command(stralloc *words, char const *command);

#endif
