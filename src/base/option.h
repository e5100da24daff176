/* SPDX-License-Identifier: ISC */

#ifndef BASE_OPTION_H
#define BASE_OPTION_H

#include <skalibs/sgetopt.h>
#include <skalibs/stralloc.h>

/* Options of the command line, as the programs that users call have always read them. */

/* option_next: the next option letter, its value in l->arg, or -1 when there is no more: argv[l->ind] is then
 * the first other argument. An argument that starts with -- ends the options and is passed over, whatever
 * follows in it. '?' for a mistake. Start with *l SUBGETOPT_ZERO. */
extern int option_next(int argc, char const *const *argv, char const *letters, subgetopt *l);

/* option_mistake: append what to tell the user after a '?', a line that starts with the last part of the name
 * he called. 0: no memory. */
extern int option_mistake(stralloc *sa, char const *name, char const *letters, subgetopt const *l);

/* option_name: the last part of a path by which a program was called. */
extern char const *option_name(char const *path);

#endif
