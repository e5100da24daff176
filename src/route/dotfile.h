/* SPDX-License-Identifier: ISC */

#ifndef ROUTE_DOTFILE_H
#define ROUTE_DOTFILE_H

#include <stddef.h>
#include <sys/types.h>

#include <skalibs/stralloc.h>

#include "route/delivery.h"

/* Which .qmail file handles an address, and what its modes forbid (dot-qmail(5)). The rules are here; the
 * files are looked at by functions of the caller's. */

/* ---- the home */

typedef enum { DOTFILE_HOME_OK, DOTFILE_HOME_WRITABLE, DOTFILE_HOME_STICKY } dotfile_home_verdict;

/* dotfile_home: by the mode of the directory. Writable to others comes first; sticky says that its owner is
 * at work. Mail for either waits. */
extern dotfile_home_verdict dotfile_home(mode_t mode);
extern char const *dotfile_home_complaint(dotfile_home_verdict v);

/* ---- one file */

typedef enum
{
	DOTFILE_ABSENT,         /* not there, or not a regular file: the next name is tried */
	DOTFILE_UNKNOWN,        /* it may be there: no other is tried, the mail waits */
	DOTFILE_WRITABLE,       /* for others: the mail waits */
	DOTFILE_USABLE,
} dotfile_verdict;

/* dotfile_judge: by what came of opening it, 0 or an errno, and its mode. */
extern dotfile_verdict dotfile_judge(int error, mode_t mode);

/* dotfile_forward_only: whether it may hold nothing but addresses. */
extern int dotfile_forward_only(mode_t mode);

/* What a delivery is told about a file of DOTFILE_WRITABLE. */
extern char const dotfile_writable[];

/* ---- the search */

/* A dotfile_look opens or looks for a file by its name: 0 and *mode, or an errno. */
typedef int dotfile_look(void *data, char const *file, mode_t *mode);

typedef struct dotfile_found
{
	stralloc file;          /* the last name that was tried, NUL-terminated, the NUL not counted */
	dotfile_verdict verdict;        /* of that; DOTFILE_ABSENT: there is none for the address */
	int error;              /* what came of it */
	mode_t mode;
	char const *default_part;       /* $DEFAULT: points into d->ext; null if unset */
} dotfile_found;
#define DOTFILE_FOUND_ZERO { .file = STRALLOC_ZERO, .verdict = DOTFILE_ABSENT, .error = 0, .mode = 0, .default_part = 0 }

/* dotfile_find: try the names of d in order until one is not absent. 0 when out of memory. */
extern int dotfile_find(dotfile_found *f, delivery const *d, dotfile_look *look, void *data);

/* ---- the sender of forwards */

typedef enum { DOTFILE_SENDER_NOMEM, DOTFILE_SENDER_UNKNOWN, DOTFILE_SENDER_SET } dotfile_sender;

/* dotfile_newsender: by the owner files of d, d->newsender. A name that cannot be looked for now gives
 * UNKNOWN, that name in *file and *error. */
extern dotfile_sender dotfile_newsender(delivery *d, dotfile_look *look, void *data, stralloc *file, int *error);

#endif
