/* SPDX-License-Identifier: ISC */

#ifndef RCPTD_VIEW_H
#define RCPTD_VIEW_H

#include <stdint.h>

#include "recipient/tables.h"

/* How qmail-send rewrites an address, as far as the control files tell somebody else: it has read them at its start
 * and at its last HUP, and whoever changes a file sends that later. Ours tells when that was (sign.h), others do not:
 * so for a while after a change the tables of before count too, and where the two disagree about an address nothing is
 * said about it. Nothing is said about any address as long as a file has just changed and may be half written. */

enum { VIEW_LOOK_MILLISECONDS = 1000, VIEW_BEFORE_MILLISECONDS = 60000 };

typedef struct view
{
	tables now;
	tables before;          /* the oldest of those that still count */
	int64_t before_until;   /* 0: there are none */
	tables_stamp stamp;     /* of now */
	int changing;           /* the files were changed while they were read */
	int64_t looked;         /* when the stamp was compared last; 0: never */
	stralloc other;         /* what the tables of before make of an address */
} view;

typedef enum
{
	VIEW_DOUBT,
	VIEW_REMOTE,
	VIEW_LOCAL,
} view_answer;

/* view_refresh: look at the control files, at most once in VIEW_LOOK_MILLISECONDS, and read them anew if they have
 * changed. 1: they have. now is milliseconds on a clock that nobody sets; *v is all zero before the first time. The
 * current directory is the home. v->now.unread is the file that could not be read: then all is in doubt, and it is
 * tried again each time. */
extern int view_refresh(view *v, int64_t now);

/* view_rewrite: what becomes of an address; its local form into *out. */
extern view_answer view_rewrite(view *v, stralloc *out, char const *address, size_t n, int64_t now);

extern void view_free(view *v);

#endif
