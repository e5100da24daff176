/* SPDX-License-Identifier: ISC */

#ifndef INSTALL_HIER_H
#define INSTALL_HIER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/conf.h"
#include "proto/qpath.h"

/* The table of what an installation consists of: setup makes it true, check compares with it. */

typedef enum
{
	HIER_DIR,
	HIER_FILE,              /* installed from source, replaced by each setup */
	HIER_EMPTY,             /* a lock file: made when missing, content left alone */
	HIER_ZEROS,             /* HIER_TCPTO_SIZE bytes 0 or more: made when missing or shorter */
	HIER_FIFO,
} hier_type;

enum { HIER_TCPTO_SIZE = 1024 };

typedef struct hier_entry
{
	hier_type type;
	mode_t mode;
	conf_user owner;
	conf_group group;
	char const *path;       /* relative to the home; "." is the home itself */
	char const *source;     /* HIER_FILE: where it comes from; else null */
} hier_entry;

typedef struct hier
{
	hier_entry *entries;    /* a directory comes before what is in it */
	size_t n;
} hier;
#define HIER_ZERO { .entries = 0, .n = 0 }

/* hier_make: the whole table into *h (HIER_ZERO), for a queue laid out as l says, and for the programs in
 * build/bin, pages in build/man, examples in build/boot and texts in build/doc: what is not there is not part
 * of the installation. 1, or 0 with errno. Strings live as long as the process. */
extern int hier_make(hier *h, char const *build, qpath_layout const *l);

/* hier_tree: the part of it that is the same for each build: directories and lock files. */
extern int hier_tree(hier *h, qpath_layout const *l);

/* hier_program: mode and owner of bin/name. Programs without a line of their own are 0755 and root's. */
extern void hier_program(char const *name, mode_t *mode, conf_user *owner);

#endif
