/* SPDX-License-Identifier: ISC */

#include "compiled.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cdb.h>
#include <skalibs/djbunix.h>

#include "base/newer.h"
#include "base/text.h"
#include "proto/compiled.h"
#include "proto/users.h"

enum { HEADER = 2048 };

static char const assign_file[] = "users/assign";
static char const hosts_cdb[] = "control/morercpthosts.cdb";

typedef struct compiled
{
	findings *f;
	char const *text;
	char const *cdb;
	char const *program;
	char const *harm;       /* what comes of it when it is damaged */
	char const *otherwise;
	struct cdb c;
	int fd;
	int open;
	unsigned int at;        /* of the next record */
	int told;               /* of something to be mended by the program */
} compiled;

static void tell(compiled *c, finding_severity severity, char const *file, size_t line, char const *what)
{
	if (!c->told)
		findings_add(c->f, severity, file, line, what, findings_cure, "run ", c->program, (char *)0);
	c->told = 1;
}

static void tell_damaged(compiled *c)
{
	tell(c, FINDING_ERROR, c->cdb, 0, c->harm);
}

/* Whether the 256 tables are inside the file, and there is one if there are records. */
static int has_tables(struct cdb const *c)
{
	size_t used = 0;
	size_t i;

	for (i = 0; i < 256; i++) {
		size_t pos = cdb_unpack(c->cdb_mem + 8 * i);
		size_t len = cdb_unpack(c->cdb_mem + 8 * i + 4);

		if (len && (pos < HEADER || pos > c->cdb_fsize || len > (c->cdb_fsize - pos) / 8))
			return 0;
		used += len;
	}
	return used || c->cdb_fsize == HEADER;
}

static int start(compiled *c, int fd)
{
	c->fd = fd;
	if (cdb_init(&c->c, fd) < 0)
		return tell_damaged(c), 0;
	c->open = 1;
	if (!has_tables(&c->c))
		return tell_damaged(c), 0;
	cdb_seqinit(&c->at, &c->c);
	return 1;
}

static void finish(compiled *c)
{
	if (c->open)
		cdb_free(&c->c);
	if (c->fd >= 0)
		fd_close(c->fd);
}

/* The next record: 1; 0 at the end; -1: damaged, which is told. */
static int next(compiled *c)
{
	int r = cdb_seqnext(&c->at, &c->c);

	if (r < 0)
		tell_damaged(c);
	return r;
}

/* Whether the present record has that key, and that data if there are any to compare. */
static int is_record(compiled *c, char const *key, size_t n, stralloc const *data)
{
	if (cdb_keylen(&c->c) != n || (n && memcmp(cdb_getkey(&c->c), key, n) != 0))
		return 0;
	return !data || (cdb_datalen(&c->c) == data->len
		&& (!data->len || memcmp(cdb_getdata(&c->c), data->s, data->len) == 0));
}

/* A record that is there, and is not found: the tables behind the records are damaged. */
static void check_found(compiled *c, char const *key, size_t n)
{
	if (cdb_find(&c->c, key, (unsigned int)n) <= 0)
		tell_damaged(c);
}

/* Tables are made line by line, so this record must come next. */
static void compare(compiled *c, char const *key, size_t n, stralloc const *data, size_t line)
{
	int r = next(c);

	if (r < 0)
		return;
	if (r > 0 && is_record(c, key, n, data))
		check_found(c, key, n);
	else
		tell(c, FINDING_ERROR, c->text, line, c->otherwise);
}

/* One that there is no text to compare with. */
static void check_soundness(compiled *c)
{
	while (!c->told && next(c) > 0)
		check_found(c, cdb_getkey(&c->c), cdb_keylen(&c->c));
}

static void check_age(compiled *c)
{
	if (!c->told && newer_file(AT_FDCWD, c->text, c->cdb))
		tell(c, FINDING_WARNING, c->cdb, 0, "older than its text, though it says the same");
}

static void without_table(compiled *c, int have_text)
{
	if (errno != ENOENT)
		findings_unreadable(c->f, c->cdb);
	else if (have_text)
		tell(c, FINDING_ERROR, c->text, 0, "was never compiled, so nothing of it counts");
}

static void without_text(compiled *c)
{
	findings_add(c->f, FINDING_WARNING, c->cdb, 0, "there is no ", c->text,
		" that it could have been made of, but it counts", findings_cure,
		"write the text anew, or remove the table", (char *)0);
	check_soundness(c);
}

int compiled_sound(int fd)
{
	struct cdb c;
	unsigned int at;
	int r = 1;

	if (cdb_init(&c, fd) < 0)
		return 0;
	cdb_seqinit(&at, &c);
	if (!has_tables(&c))
		r = -1;
	while (r > 0 && (r = cdb_seqnext(&at, &c)) > 0)
		if (cdb_find(&c, cdb_getkey(&c), cdb_keylen(&c)) <= 0)
			r = -1;
	cdb_free(&c);
	return r == 0;
}

/* ---- users/cdb */

/* The last bytes of all prefixes, in any order. */
static int same_bytes(compiled *c, char const *wild)
{
	unsigned char const *data = cdb_getdata(&c->c);
	char found[256] = { 0 };
	unsigned int i;

	for (i = 0; i < cdb_datalen(&c->c); i++)
		found[data[i]] = 1;
	return memcmp(found, wild, sizeof found) == 0;
}

static void compare_assign(compiled *c, stralloc const *assign)
{
	users_text t = { .s = assign->s, .n = assign->len };
	stralloc key = STRALLOC_ZERO;
	stralloc data = STRALLOC_ZERO;
	char wild[256] = { 0 };

	while (users_text_next(&t) && !c->told) {
		if (t.status != USERS_LINE_OK)
			continue;
		key.len = data.len = 0;
		if (!users_line_record(&t.entry, &key, &data)) {
			c->f->failed = 1;
			break;
		}
		if (t.entry.sign == '+' && t.entry.locallen)
			wild[(unsigned char)text_lower(t.entry.local[t.entry.locallen - 1])] = 1;
		compare(c, key.s, key.len, &data, t.line);
	}
	if (!c->told && next(c) > 0) {
		if (!is_record(c, "", 0, 0))
			tell(c, FINDING_ERROR, c->cdb, 0, "has lines that users/assign has no more");
		else if (!same_bytes(c, wild) || next(c) != 0)
			tell_damaged(c);
		else
			check_found(c, "", 0);
	} else if (!c->told) {
		tell_damaged(c);
	}
	stralloc_free(&key);
	stralloc_free(&data);
}

/* The name of the table that qmail-lspawn goes by; s/qmail has the other one. */
static char const *assign_cdb(void)
{
	static char const other[] = "users/assign.cdb";

	return access("users/cdb", F_OK) < 0 && access(other, F_OK) == 0 ? other : "users/cdb";
}

void compiled_assign(findings *f, setup const *s)
{
	compiled c = { .f = f, .text = assign_file, .cdb = assign_cdb(), .program = "qmail-newu",
		.harm = "damaged, so mail waits", .fd = -1,
		.otherwise = "users/cdb, which counts, says otherwise from this line on" };
	int fd = users_open();
	size_t line;

	if (fd < 0) {
		without_table(&c, s->has_assign);
	} else if (start(&c, fd)) {
		if (!s->has_assign)
			without_text(&c);
		/* what cannot be compiled has been told, and is not to be compared */
		else if (!users_text_mistake(s->assign.s, s->assign.len, &line))
			compare_assign(&c, &s->assign), check_age(&c);
	}
	finish(&c);
}

/* ---- control/morercpthosts.cdb */

static void compare_hosts(compiled *c, setup_list const *more)
{
	char const *s = more->list.entries.s;
	stralloc key = STRALLOC_ZERO;
	size_t i;

	for (i = 0; i < more->list.n && !c->told; i++, s += strlen(s) + 1) {
		size_t n = strlen(s);

		while (n && (s[n - 1] == '\r' || s[n - 1] == ' ' || s[n - 1] == '\t'))
			n--;
		if (!n)
			continue;
		if (!stralloc_copyb(&key, s, n)) {
			c->f->failed = 1;
			break;
		}
		text_lowerb(key.s, key.len);
		compare(c, key.s, n, 0, control_line(&more->list, i));
	}
	if (!c->told && next(c) > 0)
		tell(c, FINDING_ERROR, c->cdb, 0, "has hosts that morercpthosts has no more");
	stralloc_free(&key);
}

void compiled_hosts(findings *f, setup_list const *more)
{
	compiled c = { .f = f, .text = more->file, .cdb = hosts_cdb, .program = "qmail-newmrh", .fd = -1,
		.harm = "damaged, so mail waits at its senders",
		.otherwise = "morercpthosts.cdb, which counts, says otherwise from this line on" };
	int fd = open(hosts_cdb, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0) {
		without_table(&c, more->present);
	} else if (start(&c, fd)) {
		if (more->present)
			compare_hosts(&c, more), check_age(&c);
		else
			without_text(&c);
	}
	finish(&c);
}

/* ---- those that qmail-newcdb makes */

typedef struct pair
{
	control_list list;
	constmap map;
} pair;

static int map_list(pair *p, char sep)
{
	return sep ? constmap_map(&p->map, &p->list, sep) : constmap_set(&p->map, &p->list);
}

static void free_pair(pair *p)
{
	constmap_free(&p->map);
	control_list_free(&p->list);
}

static int same_entry(constmap_entry const *a, constmap_entry const *b)
{
	return a->keylen == b->keylen && text_casecmp(a->key, b->key, a->keylen) == 0
		&& strcmp(a->value, b->value) == 0;
}

static void compare_lists(compiled *c, pair const *text, pair const *table)
{
	size_t i = 0;

	while (i < text->map.n && i < table->map.n && same_entry(text->map.entries + i, table->map.entries + i))
		i++;
	if (i < text->map.n)
		tell(c, FINDING_ERROR, c->text, control_line(&text->list, text->map.entries[i].index), c->otherwise);
	else if (i < table->map.n)
		tell(c, FINDING_ERROR, c->cdb, 0, "has lines that its text has no more");
}

/* Where nothing but the text's age says so, the table is one of no use, and no danger. */
static void check_list(findings *f, char const *file, char const *program, char sep)
{
	compiled c = { .f = f, .text = file, .program = program, .fd = -1,
		.otherwise = "its .cdb, which counts, says otherwise from this line on" };
	pair text = { .list = CONTROL_LIST_ZERO, .map = CONSTMAP_ZERO };
	pair table = { .list = CONTROL_LIST_ZERO, .map = CONSTMAP_ZERO };
	stralloc name = STRALLOC_ZERO;
	compiled_source from;
	control_status has_text = control_readlist(&text.list, file, 0);
	int there = stralloc_copys(&name, compiled_name(file)) && stralloc_0(&name) && access(name.s, F_OK) == 0;
	int fd = there ? compiled_open(file) : -1;

	c.cdb = name.s;
	c.harm = has_text == CONTROL_READ ? "damaged, so its text is read each time"
		: "damaged, and there is no text, so mail waits";
	if (there && fd < 0) {
		if (errno == ENOENT)
			tell(&c, FINDING_WARNING, c.cdb, 0, "not made of its text as it is now, so it does not count");
		else
			findings_unreadable(f, c.cdb);
	} else if (there && start(&c, fd)) {
		check_soundness(&c);
		if (!c.told && compiled_readlist(&table.list, file, 0, sep, &from) != CONTROL_ERROR
		 && from == COMPILED_DAMAGED)
			tell_damaged(&c);
		if (!map_list(&text, sep) || !map_list(&table, sep))
			f->failed = 1;
		else if (has_text == CONTROL_READ && !c.told)
			compare_lists(&c, &text, &table);
	}
	finish(&c);
	free_pair(&text);
	free_pair(&table);
	stralloc_free(&name);
}

void compiled_lists(findings *f)
{
	check_list(f, "control/locals", "qmail-newcdb locals", 0);
	check_list(f, "control/rcpthosts", "qmail-newcdb rcpthosts", 0);
	check_list(f, "control/virtualdomains", "qmail-newcdb virtualdomains", ':');
}
