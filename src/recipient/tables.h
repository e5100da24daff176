/* SPDX-License-Identifier: ISC */

#ifndef RECIPIENT_TABLES_H
#define RECIPIENT_TABLES_H

#include <sys/stat.h>

#include "base/control.h"
#include "proto/compiled.h"
#include "route/rewrite.h"

/* The tables by which a recipient is rewritten, from the control files as they are now; qmail-send has those of its
 * start and of its last HUP. */
typedef struct tables
{
	rewrite_tables tables;
	stralloc envnoathost;
	control_list locals;
	control_list percenthack;
	control_list virtualdomains;
	char const *noat_file;          /* where envnoathost stands; null: nowhere */
	char const *locals_file;
	char const *virtual_file;       /* the text or its cdb */
	compiled_source locals_from;
	compiled_source virtual_from;
	char const *unread;             /* the file that could not be read, or null */
	int error;                      /* why */
} tables;

extern char const tables_percent_file[];
extern char const tables_locals_cdb[];
extern char const tables_virtual_cdb[];

/* tables_load: the control files, below the current directory. What cannot be read is remembered: then nothing can
 * be said about any address. What was in *r must have been freed. */
extern void tables_load(tables *r);
extern void tables_free(tables *r);

/* What the files look like, so that one who has loaded them sees that they have changed. */
enum { TABLES_FILES = 8 };
typedef struct tables_stamp
{
	struct stat st[TABLES_FILES];   /* st_ino 0: not there */
	struct stat directory;          /* where those that are not there would be */
} tables_stamp;

/* tables_name: the name of one of them, below the home. tables_reread: whether qmail-send reads it again when it gets
 * HUP, or only at its start. */
extern char const *tables_name(int i);
extern int tables_reread(int i);

/* tables_look: how they are. tables_same: whether the files are the same. tables_fresh: whether one of them has just
 * changed, or the directory, at that moment (fresh.h). */
extern void tables_look(tables_stamp *s);
extern int tables_same(tables_stamp const *a, tables_stamp const *b);
extern int tables_fresh(tables_stamp const *s, struct timespec now);

#endif
