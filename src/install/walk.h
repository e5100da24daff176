/* SPDX-License-Identifier: ISC */

#ifndef INSTALL_WALK_H
#define INSTALL_WALK_H

#include <sys/stat.h>

/* Finding our way in a tree of which parts belong to less trusted users, as root.
 *
 * A symbolic link is followed only where nobody but root (or we) could have put it: queue, alias or man may be
 * links made by the administrator; a link inside the queue, which qmailq and qmails own, never leads root
 * out of the tree. */

typedef struct walk
{
	int dir;                /* the directory that holds the object */
	char const *name;       /* its name there */
	int follow;             /* whether a link with that name counts as what it points to */
} walk;

/* walk_to: the place of path below the directory home ("." is home itself). 1, or 0 with errno: ENOENT,
 * ENOTDIR, ELOOP (a link where none may be). w->dir is open after 1; the caller gives it to walk_done. */
extern int walk_to(walk *w, int home, char const *path);

/* walk_stat, walk_open: the object itself. A link that must not be followed is seen as a link; opening it
 * fails with ELOOP. walk_open never blocks on a FIFO and returns the descriptor or -1. */
extern int walk_stat(walk const *w, struct stat *st);
extern int walk_open(walk const *w, int flags);

extern void walk_done(walk *w);

#endif
