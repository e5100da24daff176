/* SPDX-License-Identifier: ISC */

#ifndef BASE_SETTING_H
#define BASE_SETTING_H

#include <stdint.h>

#include <skalibs/stralloc.h>

#include "base/constmap.h"

/* Settings of a program that serves one client, from control files and variables. A mistake that leaves a
 * default in force, and a file that cannot be read, go into notes (base/notes.h). */

/* setting_number: the digits that the first line of file starts with, into *value, which keeps its value when
 * there is no such file or no digit. What is over 64 bits counts as the most there is. cure tells the
 * admin what holds instead and what to write. 1, or 0 if the file cannot be read.
 * setting_override: the same from the text of a variable of that name; from file if text is null. */
extern int setting_number(stralloc *notes, uint64_t *value, char const *file, char const *cure);
extern int setting_override(stralloc *notes, uint64_t *value, char const *name, char const *text,
	char const *file, char const *cure);

/* setting_list: the entries of file as a set *m over *l; *present tells whether there is such a file.
 * 1, or 0 if it cannot be read. */
extern int setting_list(stralloc *notes, control_list *l, constmap *m, int *present, char const *file);

/* setting_useless: a note on the first entry of l that has one of the bytes in bad, a slip of the pen: an
 * admin who is told of the first sees them all. */
extern void setting_useless(stralloc *notes, control_list const *l, char const *file, char const *bad,
	char const *what, char const *cure);

#endif
