/* SPDX-License-Identifier: ISC */

#ifndef RSPAWN_PROGRAM_H
#define RSPAWN_PROGRAM_H

#include <skalibs/stralloc.h>

/* program_find: where a program is: name itself if it has a slash, else the first directory of path that
 * holds an executable file by that name (an empty one is the current directory).
 * *file becomes its NUL-terminated name: 1, or 0 with errno: EACCES when there is one that may not be
 * executed, ENOENT when there is none, ENOMEM. */
extern int program_find(stralloc *file, char const *name, char const *path);

#endif
