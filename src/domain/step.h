/* SPDX-License-Identifier: ISC */

#ifndef DOMAIN_STEP_H
#define DOMAIN_STEP_H

#include <sys/stat.h>

#include <skalibs/stralloc.h>

#include "change.h"
#include "lines.h"

/* A domain's lines in one file, and what makes them count. */

typedef enum { PLACE_ASSIGN, PLACE_VIRTUAL, PLACE_FEW, PLACE_MORE, PLACES } place_id;

typedef struct place
{
	char const *file;
	lines_kind kind;
	char const *program;    /* that makes what counts of the file; null: HUP, or nothing */
	char const *made;       /* by that, or by qmail-newcdb if somebody wants it */
} place;

extern place const places[PLACES];

typedef struct step
{
	change *c;
	place const *at;
	char const *line;       /* to be added; null: the domain's lines are removed */
	stralloc before;        /* the whole text, as it was and as it is now; of these the last change counts */
	stralloc after;
	stralloc gone;          /* the lines that were removed, with a newline between them */
	int present;            /* there was a file */
	int changed;
	struct stat made;       /* the table before its program ran; st_ino 0: there was none */
	int full;               /* it is refused since there are too many lines */
} step;

/* step_make: nothing is done yet. line lives as long as the step. step_free: always.
 * step_do: change the file and have it count. What is as it should be is made to count if it does not, as after one of
 * us that was killed.
 * step_undo: put back what step_do has changed, whether it failed or not: the whole text, or no file, as it was; if
 * others have changed it since, our lines alone. Null if what counts is as it was; else the file, or the table made
 * of it, that is not. */
extern step step_make(change *c, place_id at, char const *line);
extern change_status step_do(step *p);
extern char const *step_undo(step *p);
extern void step_free(step *p);

/* step_run: whether a program of the suite did what it is for. argv[0] is its name below the home. */
extern int step_run(char const *const *argv);

#endif
