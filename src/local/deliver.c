/* SPDX-License-Identifier: ISC */

#include "deliver.h"

#include <skalibs/types.h>

#include "base/io.h"
#include "forward.h"
#include "mail/dotqmail.h"
#include "maildir.h"
#include "mbox.h"
#include "program.h"

typedef struct run
{
	outcome *o;
	delivery const *d;
	instructions const *i;
	deliver_counts *n;
	int describe;
	int forward_only;
	int stopped;
	size_t line;            /* number of the present line, from 1 */
	stralloc arg;           /* its argument, NUL-terminated */
	stralloc recipients;
} run;

static int describe(run *r, char const *what)
{
	static stralloc line = STRALLOC_ZERO;

	if (!stralloc_copys(&line, what) || !stralloc_cats(&line, r->arg.s) || !stralloc_append(&line, '\n'))
		return outcome_nomem(r->o);
	if (!io_writeall(1, line.s, line.len))
		return outcome_defer(r->o, "Unable to write output", "", "4.3.0");
	return 1;
}

static int refuse_x(run *r, char const *kind)
{
	return outcome_set(r->o, OUTCOME_DEFERRED,
		"Uh-oh: .qmail has ", kind, " delivery but has x bit set. (#4.7.0)", (char *)0);
}

static int do_file(run *r, int is_maildir)
{
	if (r->forward_only)
		return refuse_x(r, "file");
	r->n->files++;
	if (r->describe)
		return describe(r, is_maildir ? "maildir " : "mbox ");
	return is_maildir ? maildir_deliver(r->o, r->d, r->arg.s) : mbox_deliver(r->o, r->d, r->arg.s);
}

static int do_program(run *r)
{
	if (r->forward_only)
		return refuse_x(r, "prog");
	r->n->programs++;
	if (r->describe)
		return describe(r, "program ");
	if (!program_run(r->o, r->arg.s))
		return 0;
	r->stopped = r->o->code == OUTCOME_STOP;
	r->o->code = OUTCOME_DONE;
	return 1;
}

static int do_forward(run *r)
{
	r->n->forwards++;
	if (r->describe)
		return describe(r, "forward ");
	return stralloc_catb(&r->recipients, r->arg.s, r->arg.len) || outcome_nomem(r->o);
}

static char const *source(run const *r)
{
	return r->i->file.len ? r->i->file.s : "the default delivery instructions";
}

static char const *line_number(run const *r)
{
	static char number[SIZE_FMT];

	number[size_fmt(number, r->line)] = 0;
	return number;
}

static int do_bad(run *r, dotqmail const *q)
{
	return outcome_set(r->o, OUTCOME_DEFERRED, "Uh-oh: line ", line_number(r), " of ", source(r), " ", q->arg,
		". (#4.2.1)", (char *)0);
}

/* The texts of failures are old and searched for; where and how to mend them goes into a line of its own. */
static int explain(run *r)
{
	stralloc *text = &r->o->text;

	if (r->o->hint)
		r->o->nomem = !(stralloc_cats(text, "\nLine ") && stralloc_cats(text, line_number(r))
			&& stralloc_cats(text, " of ") && stralloc_cats(text, source(r))
			&& stralloc_cats(text, ": ") && stralloc_cats(text, r->arg.s)
			&& stralloc_cats(text, " ") && stralloc_cats(text, r->o->hint)
			&& stralloc_cats(text, "."));
	return 0;
}

static int do_line(run *r, dotqmail const *q)
{
	if (!stralloc_copyb(&r->arg, q->arg, q->len) || !stralloc_0(&r->arg))
		return outcome_nomem(r->o);
	switch (q->kind) {
	case DOTQMAIL_BLANK:
		if (r->line == 1)
			return outcome_set(r->o, OUTCOME_DEFERRED, "Uh-oh: first line of .qmail file is blank. (#4.2.1)", (char *)0);
		return 1;
	case DOTQMAIL_COMMENT:
	case DOTQMAIL_OTHER:
		return 1;
	case DOTQMAIL_LIST:
		return r->forward_only = 1;
	case DOTQMAIL_MBOX:
		return do_file(r, 0);
	case DOTQMAIL_MAILDIR:
		return do_file(r, 1);
	case DOTQMAIL_PROGRAM:
		return do_program(r);
	case DOTQMAIL_FORWARD:
		return do_forward(r);
	case DOTQMAIL_BAD:
		break;
	}
	return do_bad(r, q);
}

/* A line that can only fail is found before the deliveries in front of it are done: they would be done
 * again at each try. Behind a program nothing is certain, for it may end the instructions. */
static int look_ahead(run *r, char const *s, size_t n)
{
	size_t line = r->line;
	int ok = 1;

	while (n > 0 && ok) {
		dotqmail q;
		size_t took = dotqmail_next(&q, s, n);

		r->line++;
		if (q.kind == DOTQMAIL_PROGRAM)
			break;
		ok = q.kind != DOTQMAIL_BAD || do_bad(r, &q);
		s += took;
		n -= took;
	}
	r->line = line;
	return ok;
}

static int do_lines(run *r)
{
	char const *s = r->i->text.s;
	size_t n = r->i->text.len;
	dotqmail q = { .kind = DOTQMAIL_BLANK, .arg = "", .len = 0 };

	if (n == 0)
		return r->line = 1, do_line(r, &q);
	if (!look_ahead(r, s, n))
		return 0;
	while (n > 0 && !r->stopped) {
		size_t took = dotqmail_next(&q, s, n);

		s += took;
		n -= took;
		r->line++;
		if (!do_line(r, &q))
			return explain(r);
		if (q.kind == DOTQMAIL_PROGRAM && !r->stopped && !look_ahead(r, s, n))
			return 0;
	}
	return 1;
}

int deliver_all(outcome *o, delivery const *d, instructions const *i, int describe_only, deliver_counts *n)
{
	run r = { .o = o, .d = d, .i = i, .n = n, .describe = describe_only, .forward_only = i->forward_only };
	int ok = do_lines(&r);

	if (ok && r.recipients.len > 0)
		ok = forward_send(o, d, &r.recipients, &n->qp);
	stralloc_free(&r.recipients);
	stralloc_free(&r.arg);
	return ok;
}
