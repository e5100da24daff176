/* SPDX-License-Identifier: ISC */

#include "judge.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/constmap.h"
#include "base/control.h"
#include "proto/compiled.h"
#include "table.h"

/* Of a domain in locals the users are those of the system, whatever virtualdomains says. */
static change_status refuse_local(change *c, char const *cure)
{
	control_list l = CONTROL_LIST_ZERO;
	constmap m = CONSTMAP_ZERO;
	change_status st = CHANGE_DONE;
	compiled_source from;

	if (compiled_readlist(&l, "control/locals", 1, 0, &from) == CONTROL_ERROR || !constmap_set(&m, &l))
		st = change_trouble(c, "read ", "control/locals");
	else if (constmap_find(&m, c->domain, strlen(c->domain)))
		st = change_tell(c, CHANGE_REFUSED, c->domain, " is in control/locals, which comes before "
			"control/virtualdomains; ", cure, (char *)0);
	constmap_free(&m);
	control_list_free(&l);
	return st;
}

/* ---- tables without the text of all that is in them */

typedef struct list
{
	control_list entries;
	constmap map;
} list;
#define LIST_ZERO { .entries = CONTROL_LIST_ZERO, .map = CONSTMAP_ZERO }

static int make_map(list *l, char sep)
{
	return sep ? constmap_map(&l->map, &l->entries, sep) : constmap_set(&l->map, &l->entries);
}

static void free_list(list *l)
{
	constmap_free(&l->map);
	control_list_free(&l->entries);
}

static int holds(constmap const *text, constmap_entry const *e)
{
	constmap_entry const *f = constmap_find(text, e->key, e->keylen);

	return f && f->valuelen == e->valuelen && memcmp(f->value, e->value, e->valuelen) == 0;
}

/* The first of the table's that the text has not, as it is there; null: none. */
static char const *missing(list const *made, list const *text)
{
	size_t i;

	for (i = 0; i < made->map.n; i++)
		if (!holds(&text->map, made->map.entries + i))
			return made->map.entries[i].key;
	return 0;
}

/* Once the text is changed it counts, and all that the table alone has would be gone. */
static change_status compare(change *c, char const *file, char sep)
{
	list made = LIST_ZERO;
	list text = LIST_ZERO;
	change_status st = CHANGE_DONE;
	compiled_source from;
	char const *only;

	if (compiled_readlist(&made.entries, file, 0, sep, &from) == CONTROL_ERROR || !make_map(&made, sep)
	 || control_readlist(&text.entries, file, 0) == CONTROL_ERROR || !make_map(&text, sep))
		st = change_trouble(c, "read ", file);
	else if (from == COMPILED_CDB && (only = missing(&made, &text)))
		st = change_tell(c, CHANGE_REFUSED, "the table made of ", file, " counts, and has what the text has not (",
			only, "); write all that is in the table into the text first", (char *)0);
	free_list(&made);
	free_list(&text);
	return st;
}

/* A text of one line would take the place of the whole table. */
static change_status need_text(change *c, char const *file, char sep)
{
	int fd = compiled_open(file);

	if (fd < 0 && errno == ENOENT)
		return CHANGE_DONE;
	if (fd >= 0)
		close(fd);
	if (access(file, F_OK) < 0)
		return change_tell(c, CHANGE_REFUSED, "there is no ", file, ", only the table made of it; write the text first, "
			"with all that is in the table", (char *)0);
	return compare(c, file, sep);
}

static change_status need_texts(change *c)
{
	change_status st = need_text(c, "control/rcpthosts", 0);

	return st == CHANGE_DONE ? need_text(c, "control/virtualdomains", ':') : st;
}

static change_status need_rcpthosts(change *c)
{
	struct stat st;

	if (stat("control/rcpthosts", &st) == 0)
		return CHANGE_DONE;
	if (errno != ENOENT)
		return change_trouble(c, "look at ", "control/rcpthosts");
	return change_tell(c, CHANGE_REFUSED, "there is no control/rcpthosts, so this host relays for everybody; write it "
		"first, with every domain of control/locals and control/virtualdomains in it: with one domain alone it would "
		"refuse the others", (char *)0);
}

/* ---- */

change_status judge_add(change *c)
{
	change_status st = refuse_local(c, "take it out there, send HUP, and try again");

	if (st == CHANGE_DONE)
		st = need_texts(c);
	return st == CHANGE_DONE ? need_rcpthosts(c) : st;
}

static change_status judge_known(change *c)
{
	table t = TABLE_ZERO;
	change_status st = CHANGE_DONE;

	if (!table_load(&t))
		st = change_trouble(c, "read ", "control/virtualdomains or users/assign");
	else if (!table_knows(&t, c->domain))
		st = change_tell(c, CHANGE_REFUSED, c->domain, " is no virtual domain: neither control/virtualdomains nor "
			"users/assign has it", (char *)0);
	else
		c->keep_assign = table_leads_elsewhere(&t, c->domain);
	table_free(&t);
	return st;
}

change_status judge_remove(change *c)
{
	change_status st = need_texts(c);

	if (st == CHANGE_DONE)
		st = refuse_local(c, "its users are those of the system");
	return st == CHANGE_DONE ? judge_known(c) : st;
}

int judge_serves_others(char const *domain)
{
	table t = TABLE_ZERO;
	int r = table_load(&t) ? table_serves_others(&t, domain) : -1;
	int e = errno;

	table_free(&t);
	errno = e;
	return r;
}
