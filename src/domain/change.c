/* SPDX-License-Identifier: ISC */

#include "change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/types.h>

#include "base/child.h"
#include "base/constmap.h"
#include "base/control.h"
#include "base/newer.h"
#include "base/text.h"
#include "edit.h"
#include "hangup.h"
#include "lines.h"
#include "proto/users.h"

/* As vpopmail has it: more than so many go into morercpthosts. */
enum { RCPTHOSTS_MAX = 50 };

typedef enum { PLACE_ASSIGN, PLACE_VIRTUAL, PLACE_FEW, PLACE_MORE, PLACES } place_id;

typedef struct place
{
	char const *file;
	lines_kind kind;
	char const *program;    /* that makes what counts of the file; null: HUP, or nothing */
	char const *made;
} place;

static place const places[PLACES] =
{
	[PLACE_ASSIGN] = { "users/assign", LINES_ASSIGN, "bin/qmail-newu", "users/cdb" },
	[PLACE_VIRTUAL] = { "control/virtualdomains", LINES_MAP, 0, 0 },
	[PLACE_FEW] = { "control/rcpthosts", LINES_LIST, 0, 0 },
	[PLACE_MORE] = { "control/morercpthosts", LINES_LIST, "bin/qmail-newmrh", "control/morercpthosts.cdb" },
};

typedef struct step
{
	change *c;
	place const *at;
	char const *name;       /* of the lines */
	char const *line;       /* to be added; null: they are removed */
	stralloc before;        /* the whole text, as it was and as it is now; of these the last change counts */
	stralloc after;
	stralloc gone;          /* the line that was removed, NUL-terminated */
	int changed;
	int full;               /* EDIT_REFUSED since there are too many lines */
} step;

/* ---- what to tell */

/* Texts up to a null pointer. */
static change_status tell(change *c, change_status st, ...)
{
	va_list ap;
	char const *s;

	c->why.len = 0;
	va_start(ap, st);
	while ((s = va_arg(ap, char const *)))
		if (!stralloc_cats(&c->why, s))
			st = CHANGE_NOMEM;
	va_end(ap);
	return stralloc_0(&c->why) ? st : CHANGE_NOMEM;
}

static change_status tell_line(change *c, char const *file, size_t line, char const *what)
{
	char number[SIZE_FMT];

	number[size_fmt(number, line)] = 0;
	return tell(c, CHANGE_REFUSED, file, ":", number, ": ", what, (char *)0);
}

static change_status trouble(change *c, char const *what, char const *file)
{
	char number[INT_FMT];
	int e = errno;

	if (e == ETIMEDOUT && edit_locker) {
		number[int_fmt(number, edit_locker)] = 0;
		return tell(c, CHANGE_TROUBLE, "unable to ", what, file, ": process ", number, " keeps it locked", (char *)0);
	}
	return tell(c, CHANGE_TROUBLE, "unable to ", what, file, ": ", strerror(e), (char *)0);
}

/* ---- one file */

static edit_status nomem(void)
{
	errno = ENOMEM;
	return EDIT_TROUBLE;
}

/* What is wanted is what the line says, without regard to case. */
static int says_that(lines_found const *f, char const *line)
{
	return text_caseequals(f->line, f->length, line);
}

static edit_status add_line(step *p, stralloc const *before, stralloc *after)
{
	lines_found f;

	if (lines_find(&f, p->at->kind, before->s, before->len, p->name)) {
		if (says_that(&f, p->line))
			return EDIT_SAME;
		tell_line(p->c, p->at->file, f.number, "has the domain already, with something else behind it; remove it first");
		return EDIT_REFUSED;
	}
	if (p->at == &places[PLACE_FEW] && lines_entries(before->s, before->len) >= RCPTHOSTS_MAX) {
		p->full = 1;
		return EDIT_REFUSED;
	}
	return lines_add(after, p->at->kind, before->s, before->len, p->line) ? EDIT_DONE : nomem();
}

static edit_status remove_lines(step *p, stralloc const *before, stralloc *after)
{
	lines_found f;

	if (!lines_find(&f, p->at->kind, before->s, before->len, p->name))
		return EDIT_SAME;
	if (!stralloc_copyb(&p->gone, f.line, f.length) || !stralloc_0(&p->gone))
		return nomem();
	return lines_remove(after, p->at->kind, before->s, before->len, p->name) ? EDIT_DONE : nomem();
}

/* The edit_change of a step. */
static edit_status step_change(void *data, stralloc const *before, int present, stralloc *after)
{
	step *p = data;
	edit_status r;

	p->changed = 0;
	if (p->at->kind == LINES_ASSIGN && present) {
		size_t line;
		char const *mistake = users_text_mistake(before->s, before->len, &line);

		if (mistake) {
			tell_line(p->c, p->at->file, line, mistake);
			return EDIT_REFUSED;
		}
	}
	r = p->line ? add_line(p, before, after) : remove_lines(p, before, after);
	if (r == EDIT_DONE && (!stralloc_copy(&p->before, before) || !stralloc_copy(&p->after, after)))
		return nomem();
	p->changed = r == EDIT_DONE;
	if (p->changed && !present && p->at->kind == LINES_ASSIGN && !stralloc_copys(&p->before, ".\n"))
		return nomem();
	return r;
}

static int equals(stralloc const *a, stralloc const *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->s, b->s, a->len) == 0);
}

/* The edit_change that undoes a step: the whole text as it was, or, if others have changed it since, our lines alone. */
static edit_status step_undo(void *data, stralloc const *before, int present, stralloc *after)
{
	step *p = data;
	lines_found f;
	int there = lines_find(&f, p->at->kind, before->s, before->len, p->name);

	(void)present;
	if (equals(before, &p->after))
		return stralloc_copy(after, &p->before) ? EDIT_DONE : nomem();
	if (p->line)
		return !there ? EDIT_SAME
			: lines_remove(after, p->at->kind, before->s, before->len, p->name) ? EDIT_DONE : nomem();
	return there ? EDIT_SAME
		: lines_add(after, p->at->kind, before->s, before->len, p->gone.s) ? EDIT_DONE : nomem();
}

/* ---- what counts only when another program has seen to it */

static int run(char const *program)
{
	char *argv[] = { (char *)(program + strlen("bin/")), 0 };
	pid_t pid = child_start(program, argv, environ, 0, 0, 0);
	int status;

	return pid && child_wait(pid, &status) && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int note(change *c, char const *text, int pid)
{
	char number[INT_FMT];

	number[int_fmt(number, pid)] = 0;
	c->note.len = 0;
	return stralloc_cats(&c->note, "qmail-send (process ") && stralloc_cats(&c->note, number) && stralloc_cats(&c->note, text)
		&& stralloc_0(&c->note);
}

static change_status hang_up(change *c)
{
	int pid;

	switch (hangup_send(&pid)) {
	case HANGUP_TROUBLE:
		break;
	case HANGUP_NOBODY:
		c->note.len = 0;
		return stralloc_cats(&c->note, "no qmail-send runs here; it will read control/virtualdomains when it starts")
			&& stralloc_0(&c->note) ? CHANGE_DONE : CHANGE_NOMEM;
	case HANGUP_DONE:
		return CHANGE_DONE;
	case HANGUP_SILENT:
		return note(c, ") has got HUP, but gives no sign that it has read control/virtualdomains again: the time of "
			"queue/lock/sendmutex does not change; see its log, or send a message to the domain", pid) ? CHANGE_DONE : CHANGE_NOMEM;
	}
	return tell(c, CHANGE_TROUBLE, "unable to have qmail-send read control/virtualdomains again: ", errno == ETIMEDOUT
		? "it has got HUP, and the time of queue/lock/sendmutex, by which it shows that it obeys, does not change within ten "
		"seconds; see its log" : strerror(errno), (char *)0);
}

static change_status enforce(change *c, place const *at)
{
	if (at->program && !run(at->program))
		return tell(c, CHANGE_TROUBLE, at->program, " failed", (char *)0);
	return at == &places[PLACE_VIRTUAL] ? hang_up(c) : CHANGE_DONE;
}

/* ---- all of them */

static step make_step(change *c, place_id at, char const *line)
{
	return (step){ .c = c, .at = places + at, .name = c->domain, .line = line,
		.before = STRALLOC_ZERO, .after = STRALLOC_ZERO, .gone = STRALLOC_ZERO };
}

/* A text that was changed by one of us that was killed then is still to be made to count. */
static int is_stale(place const *at)
{
	return at->made && newer_file(AT_FDCWD, at->file, at->made);
}

static change_status do_step(step *p)
{
	switch (edit_file(p->at->file, step_change, p)) {
	case EDIT_TROUBLE:
		return trouble(p->c, "change ", p->at->file);
	case EDIT_REFUSED:
		return CHANGE_REFUSED;
	case EDIT_SAME:
	case EDIT_DONE:
		break;
	}
	/* A hangup may have been lost with whoever should have sent it, and costs little. */
	if (!p->changed && !is_stale(p->at) && p->at != &places[PLACE_VIRTUAL])
		return CHANGE_NOTHING;
	return enforce(p->c, p->at) == CHANGE_DONE ? p->changed ? CHANGE_DONE : CHANGE_NOTHING : CHANGE_TROUBLE;
}

/* Whether what counts is as it was. A qmail-send that is too busy to read now has the signal, and will find the old
 * text. */
static int undo_step(step *p)
{
	edit_status r = edit_file(p->at->file, step_undo, p);
	int pid;

	if (r == EDIT_TROUBLE)
		return 0;
	if (r == EDIT_SAME && !is_stale(p->at))
		return 1;
	if (p->at->program)
		return run(p->at->program);
	return p->at != &places[PLACE_VIRTUAL] || hangup_send(&pid) != HANGUP_TROUBLE || errno == ETIMEDOUT;
}

static void undo(change *c, step *steps, size_t n)
{
	while (n > 0) {
		step *p = steps + --n;

		if (!p->changed || undo_step(p))
			continue;
		if (!stralloc_cats(&c->lost, c->lost.len ? ", " : "") || !stralloc_cats(&c->lost, p->at->file))
			c->lost.len = 0;
	}
}

static void free_step(step *p)
{
	stralloc_free(&p->before);
	stralloc_free(&p->after);
	stralloc_free(&p->gone);
}

/* One after another; what fails takes those before it back, the last one first. */
static change_status do_steps(change *c, step *steps, size_t n)
{
	change_status result = CHANGE_NOTHING;
	size_t i;

	for (i = 0; i < n && (result == CHANGE_NOTHING || result == CHANGE_DONE); i++) {
		change_status st;

		st = do_step(steps + i);
		if (st == CHANGE_REFUSED && steps[i].full)
			continue;
		/* the step behind the one that was full is for that case alone */
		if (st >= CHANGE_NOTHING && steps[i].at == &places[PLACE_FEW] && steps[i].line)
			n = i + 1;
		if (st != CHANGE_NOTHING)
			result = st;
	}
	if (result != CHANGE_NOTHING && result != CHANGE_DONE)
		undo(c, steps, i);
	if (c->lost.len && !stralloc_0(&c->lost))
		result = CHANGE_NOMEM;
	for (i = 0; i < n; i++)
		free_step(steps + i);
	return result;
}

/* The tables that large lists are read from faster. The texts are newer and count, so nothing is wrong without them. */
static void renew_tables(void)
{
	static char const *const files[] = { "control/virtualdomains.cdb", "control/rcpthosts.cdb" };
	size_t i;

	for (i = 0; i < sizeof files / sizeof *files; i++)
		if (access(files[i], F_OK) == 0) {
			(void)run("bin/qmail-newcdb");
			return;
		}
}

/* Against another one of us; what others do in between is only locked file by file. */
static int lock_out(void)
{
	int fd = open("control", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (fd >= 0 && flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return -1;
	return fd;
}

/* Whether control/morercpthosts has the domain, where it then stays. */
static int is_in_more(char const *domain)
{
	control_list l = CONTROL_LIST_ZERO;
	constmap m = CONSTMAP_ZERO;
	int found = control_readlist(&l, places[PLACE_MORE].file, 0) == CONTROL_READ && constmap_set(&m, &l)
		&& constmap_find(&m, domain, strlen(domain));

	constmap_free(&m);
	control_list_free(&l);
	return found;
}

change_status change_add(change *c)
{
	stralloc line = STRALLOC_ZERO;
	change_status r = CHANGE_NOMEM;
	int lock = lock_out();

	if (lock < 0)
		return trouble(c, "lock ", "control");
	if (stralloc_copys(&line, c->domain) && stralloc_append(&line, ':') && stralloc_cats(&line, c->prefix) && stralloc_0(&line)) {
		step steps[PLACES];
		size_t n = 0;

		if (c->assign)
			steps[n++] = make_step(c, PLACE_ASSIGN, c->assign);
		steps[n++] = make_step(c, PLACE_VIRTUAL, line.s);
		if (!is_in_more(c->domain))
			steps[n++] = make_step(c, PLACE_FEW, c->domain);
		steps[n++] = make_step(c, PLACE_MORE, c->domain);
		r = do_steps(c, steps, n);
	}
	if (r == CHANGE_DONE)
		renew_tables();
	close(lock);
	stralloc_free(&line);
	return r;
}

change_status change_remove(change *c)
{
	step steps[PLACES];
	size_t n = 0;
	change_status r;
	int lock = lock_out();

	if (lock < 0)
		return trouble(c, "lock ", "control");
	steps[n++] = make_step(c, PLACE_FEW, 0);
	if (access(places[PLACE_MORE].file, F_OK) == 0)
		steps[n++] = make_step(c, PLACE_MORE, 0);
	steps[n++] = make_step(c, PLACE_VIRTUAL, 0);
	if (!c->keep_assign && access(places[PLACE_ASSIGN].file, F_OK) == 0)
		steps[n++] = make_step(c, PLACE_ASSIGN, 0);
	r = do_steps(c, steps, n);
	if (r == CHANGE_DONE)
		renew_tables();
	close(lock);
	return r;
}
