/* SPDX-License-Identifier: ISC */

#ifndef RECIPIENT_OTHERHOME_H
#define RECIPIENT_OTHERHOME_H

#include <limits.h>

/* Whether what is taken in at this home is delivered by another one, with control files and tables of its own. */

typedef enum
{
	OTHERHOME_NONE = 0,
	OTHERHOME_PROGRAM,      /* bin/qmail-queue leads out of the home (and out of bin, which may be a link itself) */
	OTHERHOME_QUEUE,        /* queue leads to another home, whose qmail-send runs on it */
} otherhome;

/* otherhome_find: which of that is so. The current directory is the home. home becomes the name of the other one; empty
 * if there is none, or if bin/qmail-queue leads to a program that is in no home, such as a scanner. */
extern otherhome otherhome_find(char home[PATH_MAX]);

/* otherhome_has: whether there is such a file, "/bin/qmail-send" or shorter, below a directory: by that a home is known. */
extern int otherhome_has(char const *directory, char const *file);

#endif
