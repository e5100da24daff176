/* SPDX-License-Identifier: ISC */

#include "assignment.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cdb.h>
#include <skalibs/djbunix.h>

#include "base/newer.h"
#include "base/text.h"
#include "proto/users.h"
#include "route/assign.h"

static char const assign_file[] = "users/assign";
static char const cdb_file[] = "users/cdb";

/* ---- users/assign as a table */

typedef struct text_table
{
	stralloc text;
	int error;              /* why it could not be read, or 0 */
	size_t line;            /* of the entry found last */
	users_line found;
	char const *start;      /* its text */
	size_t length;
	stralloc key;           /* what find hands out */
	stralloc data;
} text_table;

static void table_read(text_table *t)
{
	t->error = openslurpclose(&t->text, assign_file) ? 0 : errno;
}

/* The line that has a key; of two the first one counts, as in the table made of it. */
static int table_line(text_table *t, char const *key, size_t n)
{
	users_text lines = { .s = t->text.s, .n = t->text.len };

	while (users_text_next(&lines))
		if (lines.status == USERS_LINE_OK && users_line_has_key(&lines.entry, key, n)) {
			t->found = lines.entry;
			t->start = lines.start;
			t->length = lines.length;
			t->line = lines.line;
			return 1;
		}
	return 0;
}

static int table_wild(text_table *t)
{
	users_text lines = { .s = t->text.s, .n = t->text.len };

	t->data.len = 0;
	while (users_text_next(&lines)) {
		users_line const *l = &lines.entry;

		if (lines.status != USERS_LINE_OK || l->sign != '+' || l->locallen == 0)
			continue;
		if (!stralloc_append(&t->data, text_lower(l->local[l->locallen - 1])))
			return -1;
	}
	return 1;
}

/* An assign_find. */
static int table_find_text(void *table, char const *key, size_t n, char const **data, size_t *datalen)
{
	text_table *t = table;
	int r = n == 0 ? table_wild(t) : table_line(t, key, n);

	if (r <= 0)
		return r;
	if (n > 0) {
		t->key.len = t->data.len = 0;
		if (!users_line_record(&t->found, &t->key, &t->data))
			return -1;
	}
	*data = t->data.len ? t->data.s : "";
	*datalen = t->data.len;
	return 1;
}

static void tell_mistake(steps *s, text_table const *t)
{
	size_t line;
	char const *mistake = users_text_mistake(t->text.s, t->text.len, &line);

	if (mistake)
		steps_add(s, STAGE_ASSIGN, STEP_WARNING, assign_file, line, mistake, " (qmail-newu stops here)", (char *)0);
}

/* ---- users/cdb */

typedef struct watched_cdb
{
	struct cdb c;
	stralloc key;           /* the last one that was found */
} watched_cdb;

static int find_watched(void *table, char const *key, size_t n, char const **data, size_t *datalen)
{
	watched_cdb *w = table;
	int r = assign_cdb(&w->c, key, n, data, datalen);

	if (r > 0 && !stralloc_copyb(&w->key, key, n))
		return -1;
	return r;
}

static assign_status look_up(watched_cdb *w, int fd, char const *local, stralloc *record)
{
	assign_status st;

	if (cdb_init(&w->c, fd) < 0)
		return ASSIGN_DAMAGED;
	st = assign_lookup(find_watched, w, local, strlen(local), record);
	cdb_free(&w->c);
	return st;
}

/* ---- both */

static void compare_times(steps *s, int fd)
{
	struct stat assign;
	struct stat cdb;

	if (stat(assign_file, &assign) == 0 && fstat(fd, &cdb) == 0 && newer_time(assign.st_mtim, cdb.st_mtim))
		steps_add(s, STAGE_ASSIGN, STEP_WARNING, cdb_file, 0,
			"older than users/assign, but it is what counts: run qmail-newu", (char *)0);
}

/* What users/assign would say, were it compiled now. */
static void compare_answers(steps *s, text_table *t, char const *local, assign_status st, stralloc const *record)
{
	stralloc other = STRALLOC_ZERO;
	assign_status now = assign_lookup(table_find_text, t, local, strlen(local), &other);

	if (now == ASSIGN_FOUND
	 && (st != ASSIGN_FOUND || other.len != record->len || memcmp(other.s, record->s, other.len) != 0)) {
		steps_begin(s, STAGE_ASSIGN, STEP_WARNING, assign_file, t->line);
		steps_text(s, "says otherwise: ");
		steps_bytes(s, t->start, t->length);
		steps_text(s, " (run qmail-newu)");
		steps_end(s);
	}
	if (now == ASSIGN_NONE && st == ASSIGN_FOUND)
		steps_add(s, STAGE_ASSIGN, STEP_WARNING, assign_file, 0, "no line for this address any more: run qmail-newu",
			(char *)0);
	stralloc_free(&other);
}

static void tell_found(steps *s, text_table *t, stralloc const *key)
{
	int simple = key->len > 1 && !key->s[key->len - 1];
	int back = !t->error && table_line(t, key->s, key->len);

	steps_begin(s, STAGE_ASSIGN, STEP_TAKEN, back ? assign_file : cdb_file, back ? t->line : 0);
	if (back) {
		steps_bytes(s, t->start, t->length);
	} else {
		steps_text(s, simple ? "=" : "+");
		steps_bytes(s, key->s + 1, key->len - 1 - (size_t)simple);
		steps_text(s, t->error ? ": (users/assign cannot be read)" : ": (not in users/assign)");
	}
	steps_end(s);
}

static assignment_status conclude(steps *s, assign_status st, char const *local)
{
	switch (st) {
	case ASSIGN_FOUND:
		return ASSIGNMENT_FOUND;
	case ASSIGN_NONE:
		steps_add(s, STAGE_ASSIGN, STEP_PASSED, cdb_file, 0, "no entry for ", local, (char *)0);
		return ASSIGNMENT_NONE;
	case ASSIGN_NOMEM:
		s->failed = 1;
		return ASSIGNMENT_OVER;
	case ASSIGN_DAMAGED:
		break;
	}
	steps_add(s, STAGE_ASSIGN, STEP_REFUSED, cdb_file, 0, "damaged: run qmail-newu", (char *)0);
	steps_conclude(s, RESULT_WAITS, "Trouble reading users/cdb in qmail-lspawn.");
	return ASSIGNMENT_OVER;
}

static assignment_status unopened(steps *s, int error)
{
	if (error == ENOENT) {
		steps_add(s, STAGE_ASSIGN, STEP_PASSED, cdb_file, 0, "not there", (char *)0);
		if (access(assign_file, F_OK) == 0)
			steps_add(s, STAGE_ASSIGN, STEP_WARNING, assign_file, 0, "was never compiled: run qmail-newu", (char *)0);
		return ASSIGNMENT_NONE;
	}
	steps_add(s, STAGE_ASSIGN, STEP_UNKNOWN, cdb_file, 0, "cannot be read: ", strerror(error), (char *)0);
	steps_conclude(s, geteuid() == 0 ? RESULT_WAITS : RESULT_UNKNOWN, "users/cdb cannot be read");
	return ASSIGNMENT_OVER;
}

assignment_status assignment_explain(steps *s, char const *local, stralloc *record)
{
	text_table t = { .text = STRALLOC_ZERO, .key = STRALLOC_ZERO, .data = STRALLOC_ZERO };
	watched_cdb w = { .key = STRALLOC_ZERO };
	assign_status st;
	int fd = users_open();

	if (fd < 0)
		return unopened(s, errno);
	st = look_up(&w, fd, local, record);
	compare_times(s, fd);
	close(fd);
	table_read(&t);
	if (!t.error)
		tell_mistake(s, &t);
	if (st == ASSIGN_FOUND)
		tell_found(s, &t, &w.key);
	if (!t.error && st >= ASSIGN_NONE)
		compare_answers(s, &t, local, st, record);
	stralloc_free(&t.text);
	stralloc_free(&t.key);
	stralloc_free(&t.data);
	stralloc_free(&w.key);
	return conclude(s, st, local);
}
