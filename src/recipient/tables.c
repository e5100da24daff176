/* SPDX-License-Identifier: ISC */

#include "recipient/tables.h"

#include <errno.h>

#include "base/samefile.h"
#include "recipient/fresh.h"

static char const noat_file[] = "control/envnoathost";
static char const me_file[] = "control/me";
static char const locals_file[] = "control/locals";
char const tables_percent_file[] = "control/percenthack";
static char const virtual_file[] = "control/virtualdomains";
char const tables_locals_cdb[] = "control/locals.cdb";
char const tables_virtual_cdb[] = "control/virtualdomains.cdb";
static char const empty_file[] = "control/emptyprefixlocal";

static void unreadable(tables *r, char const *file)
{
	r->unread = file;
	r->error = errno;
}

static int load_noat(tables *r)
{
	stralloc own = STRALLOC_ZERO;

	switch (control_readline(&own, noat_file)) {
	case CONTROL_READ:
		r->noat_file = noat_file;
		break;
	case CONTROL_ABSENT:
		r->noat_file = control_readline(&own, me_file) == CONTROL_READ ? me_file : 0;
		break;
	case CONTROL_ERROR:
	case CONTROL_BAD:
		break;
	}
	stralloc_free(&own);
	return control_readdefault(&r->envnoathost, noat_file, 1, "envnoathost") == CONTROL_READ;
}

static int load_empty(tables *r)
{
	unsigned int wanted = 0;
	control_status st = control_readint(&wanted, empty_file);

	r->tables.empty_is_local = wanted > 0;
	return st != CONTROL_ERROR;
}

static int load_locals(tables *r)
{
	control_status st = compiled_readlist(&r->locals, locals_file, 0, 0, &r->locals_from);

	r->locals_file = st == CONTROL_ABSENT ? me_file : r->locals_from == COMPILED_CDB ? tables_locals_cdb : locals_file;
	if (st == CONTROL_ABSENT)
		st = control_readlist(&r->locals, locals_file, 1);
	if (st == CONTROL_ABSENT)
		errno = ENOENT;
	return st == CONTROL_READ && constmap_set(&r->tables.locals, &r->locals);
}

void tables_load(tables *r)
{
	*r = (tables){ .envnoathost = STRALLOC_ZERO, .locals = CONTROL_LIST_ZERO, .percenthack = CONTROL_LIST_ZERO,
		.virtualdomains = CONTROL_LIST_ZERO, .unread = 0 };
	if (!load_noat(r))
		unreadable(r, noat_file);
	else if (!load_locals(r))
		unreadable(r, r->locals_file);
	else if (control_readlist(&r->percenthack, tables_percent_file, 0) == CONTROL_ERROR
	 || !constmap_set(&r->tables.percenthack, &r->percenthack))
		unreadable(r, tables_percent_file);
	else if (compiled_readlist(&r->virtualdomains, virtual_file, 0, ':', &r->virtual_from) == CONTROL_ERROR
	 || !constmap_map(&r->tables.virtualdomains, &r->virtualdomains, ':'))
		unreadable(r, virtual_file);
	else if (!load_empty(r))
		unreadable(r, empty_file);
	r->virtual_file = r->virtual_from == COMPILED_CDB ? tables_virtual_cdb : virtual_file;
	r->tables.envnoathost = r->envnoathost.s;
	r->tables.envnoathostlen = r->envnoathost.len;
}

void tables_free(tables *r)
{
	constmap_free(&r->tables.locals);
	constmap_free(&r->tables.percenthack);
	constmap_free(&r->tables.virtualdomains);
	control_list_free(&r->locals);
	control_list_free(&r->percenthack);
	control_list_free(&r->virtualdomains);
	stralloc_free(&r->envnoathost);
}

static char const *const files[TABLES_FILES] = { locals_file, tables_locals_cdb, virtual_file, tables_virtual_cdb,
	tables_percent_file, noat_file, me_file, empty_file };

char const *tables_name(int i)
{
	return files[i];
}

int tables_reread(int i)
{
	return files[i] != tables_percent_file && files[i] != noat_file && files[i] != me_file;
}

static void look(struct stat *st, char const *file)
{
	if (stat(file, st) < 0)
		*st = (struct stat){ .st_ino = 0 };
}

void tables_look(tables_stamp *s)
{
	int i;

	for (i = 0; i < TABLES_FILES; i++)
		look(s->st + i, files[i]);
	look(&s->directory, "control");
}

int tables_same(tables_stamp const *a, tables_stamp const *b)
{
	int i;

	for (i = 0; i < TABLES_FILES; i++)
		if (!samefile_unchanged(a->st + i, b->st + i))
			return 0;
	return 1;
}

int tables_fresh(tables_stamp const *s, struct timespec now)
{
	int i;

	for (i = 0; i < TABLES_FILES; i++)
		if (s->st[i].st_ino && fresh_at(s->st + i, now))
			return 1;
	return fresh_at(&s->directory, now);
}
