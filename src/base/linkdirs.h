/* SPDX-License-Identifier: ISC */

#ifndef BASE_LINKDIRS_H
#define BASE_LINKDIRS_H

#include <skalibs/stralloc.h>

/* linkdirs_add: where a file may be put in the place of the one that a symbolic link leads to.
 *
 * Follows path from link to link, and appends the directory of each target, NUL-terminated, to *dirs; nothing if path
 * is no link. The last target need not be there. The root directory is left out, being more than a place for a file.
 * 1, or 0 with errno: ENOMEM alone. What else goes wrong ends the chain. */
extern int linkdirs_add(stralloc *dirs, char const *path);

#endif
