/* SPDX-License-Identifier: ISC */

#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/types.h>

#include "base/child.h"
#include "base/newer.h"
#include "base/samefile.h"
#include "base/text.h"
#include "edit.h"
#include "hangup.h"
#include "judge.h"
#include "proto/users.h"

/* As vpopmail has it: more than so many go into morercpthosts. */
enum { RCPTHOSTS_MAX = 50 };

place const places[PLACES] =
{
	[PLACE_ASSIGN] = { "users/assign", LINES_ASSIGN, "bin/qmail-newu", "users/cdb" },
	[PLACE_VIRTUAL] = { "control/virtualdomains", LINES_MAP, 0, "control/virtualdomains.cdb" },
	[PLACE_FEW] = { "control/rcpthosts", LINES_LIST, 0, "control/rcpthosts.cdb" },
	[PLACE_MORE] = { "control/morercpthosts", LINES_LIST, "bin/qmail-newmrh", "control/morercpthosts.cdb" },
};

/* ---- the file */

static edit_status nomem(void)
{
	errno = ENOMEM;
	return EDIT_TROUBLE;
}

static edit_status refuse_line(step *p, size_t line, char const *what)
{
	char number[SIZE_FMT];

	number[size_fmt(number, line)] = 0;
	return change_tell(p->c, CHANGE_REFUSED, p->at->file, ":", number, ": ", what, (char *)0) == CHANGE_REFUSED
		? EDIT_REFUSED : nomem();
}

/* Names and prepends have no case; behind the name in users/assign stand an account and a directory, which have. */
static int says_that(step const *p, lines_found const *f)
{
	size_t n = p->at->kind == LINES_ASSIGN ? strcspn(p->line, ":") : strlen(p->line);

	return f->length == strlen(p->line) && text_casecmp(f->line, p->line, n) == 0
		&& memcmp(f->line + n, p->line + n, f->length - n) == 0;
}

/* The other name is that of users/cdb in s/qmail. */
static int has_table(place const *at)
{
	return access(at->made, F_OK) == 0 || (at == &places[PLACE_ASSIGN] && access("users/assign.cdb", F_OK) == 0);
}

static edit_status add_line(step *p, stralloc const *before, stralloc *after)
{
	lines_found f;

	/* A text of one line would take the place of the whole table. */
	if (!p->present && has_table(p->at))
		return change_tell(p->c, CHANGE_REFUSED, "there is no ", p->at->file, ", only the table made of it; write the text "
			"first, with all that is in the table", (char *)0) == CHANGE_REFUSED ? EDIT_REFUSED : nomem();
	if (lines_find(&f, p->at->kind, before->s, before->len, p->c->domain)) {
		if (says_that(p, &f))
			return EDIT_SAME;
		return refuse_line(p, f.number, "has the domain already, with something else behind it; remove it first");
	}
	if (p->at == &places[PLACE_FEW] && lines_entries(before->s, before->len) >= RCPTHOSTS_MAX) {
		p->full = 1;
		return EDIT_REFUSED;
	}
	return lines_add(after, p->at->kind, before->s, before->len, p->line, strlen(p->line)) ? EDIT_DONE
		: nomem();
}

static edit_status remove_lines(step *p, stralloc const *before, stralloc *after)
{
	lines_found f;
	int serves = 0;

	if (!lines_find(&f, p->at->kind, before->s, before->len, p->c->domain))
		return EDIT_SAME;
	/* Who makes a domain writes its line here first: what is in virtualdomains now is all that can lead here. */
	if (p->at == &places[PLACE_ASSIGN])
		serves = judge_serves_others(p->c->domain);
	if (serves)
		return serves > 0 ? EDIT_SAME : EDIT_TROUBLE;
	return lines_remove(after, &p->gone, p->at->kind, before->s, before->len, p->c->domain) ? EDIT_DONE : nomem();
}

/* The edit_change of step_do. */
static edit_status make_change(void *data, stralloc const *before, int present, stralloc *after)
{
	step *p = data;
	edit_status r;

	p->changed = 0;
	p->present = present;
	if (p->at->kind == LINES_ASSIGN && present) {
		size_t line;
		char const *mistake = users_text_mistake(before->s, before->len, &line);

		if (mistake)
			return refuse_line(p, line, mistake);
	}
	r = p->line ? add_line(p, before, after) : remove_lines(p, before, after);
	if (r == EDIT_DONE && (!stralloc_copy(&p->before, before) || !stralloc_copy(&p->after, after)))
		return nomem();
	p->changed = r == EDIT_DONE;
	return r;
}

static int equals(stralloc const *a, stralloc const *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->s, b->s, a->len) == 0);
}

/* The edit_change of step_undo. A table that was made of a file that was not there goes before the file, so that nobody
 * finds it alone, and under the lock, so that it is ours and not one that somebody has made meanwhile. */
static edit_status take_back(void *data, stralloc const *before, int present, stralloc *after)
{
	step *p = data;
	lines_found f;
	int there = lines_find(&f, p->at->kind, before->s, before->len, p->c->domain);

	(void)present;
	if (equals(before, &p->after)) {
		if (p->present)
			return stralloc_copy(after, &p->before) ? EDIT_DONE : nomem();
		return unlink(p->at->made) < 0 && errno != ENOENT ? EDIT_TROUBLE : EDIT_REMOVE;
	}
	if (p->line)
		return !there ? EDIT_SAME
			: lines_remove(after, 0, p->at->kind, before->s, before->len, p->c->domain) ? EDIT_DONE : nomem();
	return there ? EDIT_SAME
		: lines_add(after, p->at->kind, before->s, before->len, p->gone.s, p->gone.len) ? EDIT_DONE
		: nomem();
}

/* ---- what counts only when another program has seen to it */

int step_run(char const *const *argv)
{
	pid_t pid = child_start(argv[0], (char *const *)argv, environ, 0, 0, 0);
	int status;

	return pid && child_wait(pid, &status) && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int run(place const *at)
{
	char const *argv[] = { at->program, 0 };

	return step_run(argv);
}

static change_status note(change *c, char const *a, char const *b, char const *d)
{
	c->note.len = 0;
	return stralloc_cats(&c->note, a) && stralloc_cats(&c->note, b) && stralloc_cats(&c->note, d)
		&& stralloc_0(&c->note) ? CHANGE_DONE : CHANGE_NOMEM;
}

static change_status hang_up(change *c)
{
	char number[INT_FMT];
	char const *what;
	int pid;

	switch (hangup_send(&pid)) {
	case HANGUP_TROUBLE:
		break;
	case HANGUP_NOBODY:
		return note(c, "no qmail-send runs here; it will read control/virtualdomains when it starts", "", "");
	case HANGUP_DONE:
		return CHANGE_DONE;
	case HANGUP_FOREIGN:
		number[int_fmt(number, pid)] = 0;
		return change_tell(c, CHANGE_TROUBLE, "queue is worked on by process ", number, ", the qmail-send of another home, "
			"which delivers what is taken here: run the qmail-domain of that home", (char *)0);
	case HANGUP_SILENT:
		number[int_fmt(number, pid)] = 0;
		return note(c, "qmail-send (process ", number, ") has got HUP, but gives no sign that it has read "
			"control/virtualdomains again: the time of queue/lock/sendmutex does not change; see its log, or send "
			"a message to the domain");
	}
	what = errno != ETIMEDOUT ? strerror(errno) : "it has got HUP, and the time of queue/lock/sendmutex, by which it "
		"shows that it obeys, does not change within ten seconds; see its log";
	return change_tell(c, CHANGE_TROUBLE, "unable to have qmail-send read control/virtualdomains again: ", what,
		(char *)0);
}

static change_status enforce(change *c, place const *at)
{
	if (at->program && !run(at))
		return change_tell(c, CHANGE_TROUBLE, at->program, " failed", (char *)0);
	return at == &places[PLACE_VIRTUAL] ? hang_up(c) : CHANGE_DONE;
}

/* ---- a step */

step step_make(change *c, place_id at, char const *line)
{
	return (step){ .c = c, .at = places + at, .line = line,
		.before = STRALLOC_ZERO, .after = STRALLOC_ZERO, .gone = STRALLOC_ZERO };
}

void step_free(step *p)
{
	stralloc_free(&p->before);
	stralloc_free(&p->after);
	stralloc_free(&p->gone);
}

static int is_stale(place const *at)
{
	return at->program && newer_file(AT_FDCWD, at->file, at->made);
}

static void look_at_table(struct stat *st, place const *at)
{
	if (stat(at->made, st) < 0)
		*st = (struct stat){ .st_ino = 0 };
}

change_status step_do(step *p)
{
	change_status st;

	look_at_table(&p->made, p->at);
	switch (edit_file(p->at->file, make_change, p)) {
	case EDIT_TROUBLE:
		return change_trouble(p->c, "change ", p->at->file);
	case EDIT_REFUSED:
		return CHANGE_REFUSED;
	case EDIT_SAME:
	case EDIT_DONE:
	case EDIT_REMOVE:
		break;
	}
	/* A hangup may have been lost with whoever should have sent it, and costs little. */
	if (!p->changed && !is_stale(p->at) && p->at != &places[PLACE_VIRTUAL])
		return CHANGE_NOTHING;
	st = enforce(p->c, p->at);
	return st == CHANGE_DONE && !p->changed ? CHANGE_NOTHING : st;
}

/* A program that fails leaves the old table where it was: that is the table of the old text. */
static char const *make_again(step const *p)
{
	struct stat now;

	if (access(p->at->file, F_OK) < 0 || run(p->at))
		return 0;
	look_at_table(&now, p->at);
	return samefile_unchanged(&p->made, &now) ? 0 : p->at->made;
}

char const *step_undo(step *p)
{
	edit_status r = p->changed ? edit_file(p->at->file, take_back, p) : EDIT_SAME;
	int pid;

	if (r == EDIT_TROUBLE)
		return p->at->file;
	if (!p->changed || (r == EDIT_SAME && !is_stale(p->at)))
		return 0;
	if (p->at->program)
		return make_again(p);
	/* A qmail-send that is too busy to read now has the signal, and will find the old text. */
	return p->at != &places[PLACE_VIRTUAL] || hangup_send(&pid) != HANGUP_TROUBLE || errno == ETIMEDOUT ? 0
		: p->at->file;
}
