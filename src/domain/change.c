/* SPDX-License-Identifier: ISC */

#include "change.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/types.h>

#include "base/constmap.h"
#include "base/control.h"
#include "edit.h"
#include "judge.h"
#include "proto/compiled.h"
#include "step.h"

/* ---- what to tell */

change_status change_tell(change *c, change_status st, ...)
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

change_status change_trouble(change *c, char const *what, char const *file)
{
	char number[INT_FMT];
	int e = errno;

	if (e == ETIMEDOUT && edit_locker) {
		number[int_fmt(number, edit_locker)] = 0;
		return change_tell(c, CHANGE_TROUBLE, "unable to ", what, file, ": process ", number, " keeps it locked",
			(char *)0);
	}
	return change_tell(c, CHANGE_TROUBLE, "unable to ", what, file, ": ", strerror(e), (char *)0);
}

/* ---- the tables that large lists are read from faster */

/* Those that are there and do not count, since their texts have changed. */
static int renew_tables(void)
{
	static struct { char const *text, *name; } const tables[] = {
		{ "control/virtualdomains", "virtualdomains" }, { "control/rcpthosts", "rcpthosts" },
	};
	char const *argv[2 + sizeof tables / sizeof *tables] = { "bin/qmail-newcdb" };
	size_t n = 1;
	size_t i;

	for (i = 0; i < sizeof tables / sizeof *tables; i++) {
		int fd = compiled_open(tables[i].text);

		if (fd >= 0)
			close(fd);
		else if (access(tables[i].text, F_OK) == 0 && access(compiled_name(tables[i].text), F_OK) == 0)
			argv[n++] = tables[i].name;
	}
	return n == 1 || step_run(argv);
}

/* ---- all of it */

static void add_lost(change *c, char const *what)
{
	/* (with room for what ends it: what people are told must not be half a name) */
	if (!stralloc_readyplus(&c->lost, strlen(what) + sizeof ", "))
		return;
	stralloc_cats(&c->lost, c->lost.len ? ", " : "");
	stralloc_cats(&c->lost, what);
}

/* The last step first. Without its table a text counts all the same, so that is the last and the least. */
static void undo(change *c, step *steps, size_t n)
{
	while (n > 0) {
		char const *lost = step_undo(steps + --n);

		if (lost)
			add_lost(c, lost);
	}
	if (c->touched && !renew_tables())
		add_lost(c, "the tables made of control/virtualdomains and control/rcpthosts (the texts count)");
	if (c->lost.len)
		stralloc_0(&c->lost);
}

static int is_well(change_status st)
{
	return st == CHANGE_NOTHING || st == CHANGE_DONE;
}

/* One after another; what fails takes those before it back. */
static change_status do_steps(change *c, step *steps, size_t n)
{
	change_status result = CHANGE_NOTHING;
	size_t done;

	for (done = 0; done < n && is_well(result); done++) {
		step *p = steps + done;
		change_status st = step_do(p);

		c->touched |= p->changed;
		if (st == CHANGE_REFUSED && p->full)
			continue;
		/* the step behind the one that may be full is for that case alone */
		if (is_well(st) && p->at == &places[PLACE_FEW] && p->line)
			n = done + 1;
		if (st != CHANGE_NOTHING)
			result = st;
	}
	if (is_well(result) && !renew_tables())
		result = change_tell(c, CHANGE_TROUBLE, "bin/qmail-newcdb failed", (char *)0);
	if (!is_well(result))
		undo(c, steps, done);
	return result;
}

static change_status do_and_free(change *c, step *steps, size_t n)
{
	change_status r = do_steps(c, steps, n);
	size_t i;

	for (i = 0; i < n; i++)
		step_free(steps + i);
	return r;
}

change_status change_lock(change *c)
{
	return edit_lock("control/qmail-domain") >= 0 ? CHANGE_DONE
		: change_trouble(c, "lock ", "control/qmail-domain.lock");
}

/* Whether control/morercpthosts has the domain, where it then stays: 1, 0, or -1 with errno. */
static int is_in_more(char const *domain)
{
	control_list l = CONTROL_LIST_ZERO;
	constmap m = CONSTMAP_ZERO;
	int found = -1;

	if (control_readlist(&l, places[PLACE_MORE].file, 0) != CONTROL_ERROR && constmap_set(&m, &l))
		found = constmap_find(&m, domain, strlen(domain)) != 0;
	constmap_free(&m);
	control_list_free(&l);
	return found;
}

static change_status add_line(change *c, char const *line)
{
	step steps[PLACES];
	size_t n = 0;
	int more = is_in_more(c->domain);

	if (more < 0)
		return change_trouble(c, "read ", places[PLACE_MORE].file);
	if (c->assign)
		steps[n++] = step_make(c, PLACE_ASSIGN, c->assign);
	steps[n++] = step_make(c, PLACE_VIRTUAL, line);
	if (!more)
		steps[n++] = step_make(c, PLACE_FEW, c->domain);
	steps[n++] = step_make(c, PLACE_MORE, c->domain);
	return do_and_free(c, steps, n);
}

change_status change_add(change *c)
{
	stralloc line = STRALLOC_ZERO;
	change_status r = judge_add(c);

	if (r != CHANGE_DONE)
		return r;
	if (stralloc_cats(&line, c->domain) && stralloc_append(&line, ':') && stralloc_cats(&line, c->prefix)
	 && stralloc_0(&line))
		r = add_line(c, line.s);
	else
		r = CHANGE_NOMEM;
	stralloc_free(&line);
	return r;
}

change_status change_remove(change *c)
{
	change_status r = judge_remove(c);
	step steps[PLACES];
	size_t n = 0;

	if (r != CHANGE_DONE)
		return r;
	steps[n++] = step_make(c, PLACE_FEW, 0);
	if (access(places[PLACE_MORE].file, F_OK) == 0)
		steps[n++] = step_make(c, PLACE_MORE, 0);
	steps[n++] = step_make(c, PLACE_VIRTUAL, 0);
	if (!c->keep_assign && access(places[PLACE_ASSIGN].file, F_OK) == 0)
		steps[n++] = step_make(c, PLACE_ASSIGN, 0);
	return do_and_free(c, steps, n);
}
