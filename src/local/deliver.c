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
	int stopped;
	dotqmail_run at;
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

static int do_file(run *r, int is_maildir)
{
	r->n->files++;
	if (r->describe)
		return describe(r, is_maildir ? "maildir " : "mbox ");
	return is_maildir ? maildir_deliver(r->o, r->d, r->arg.s) : mbox_deliver(r->o, r->d, r->arg.s);
}

static int do_program(run *r)
{
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

static char const *text_of(size_t line)
{
	static char number[SIZE_FMT];

	number[size_fmt(number, line)] = 0;
	return number;
}

static int refuse_bad(run *r, size_t line, dotqmail const *q)
{
	return outcome_set(r->o, OUTCOME_DEFERRED, "Uh-oh: line ", text_of(line), " of ", source(r), " ", q->arg,
		". (#4.2.1)", (char *)0);
}

/* The texts of failures are old and searched for; where and how to mend them goes into a line of its own. */
static int explain(run *r)
{
	stralloc *text = &r->o->text;

	if (r->o->hint)
		r->o->nomem = !(stralloc_cats(text, "\nLine ") && stralloc_cats(text, text_of(r->at.line))
			&& stralloc_cats(text, " of ") && stralloc_cats(text, source(r))
			&& stralloc_cats(text, ": ") && stralloc_cats(text, r->arg.s)
			&& stralloc_cats(text, " ") && stralloc_cats(text, r->o->hint)
			&& stralloc_cats(text, "."));
	return 0;
}

static int obey(run *r, dotqmail const *q)
{
	switch (q->kind) {
	case DOTQMAIL_MBOX:
		return do_file(r, 0);
	case DOTQMAIL_MAILDIR:
		return do_file(r, 1);
	case DOTQMAIL_PROGRAM:
		return do_program(r);
	default:
		return do_forward(r);
	}
}

static int do_line(run *r, dotqmail const *q)
{
	dotqmail_verdict v = dotqmail_judge(&r->at, q);

	if (!stralloc_copyb(&r->arg, q->arg, q->len) || !stralloc_0(&r->arg))
		return outcome_nomem(r->o);
	switch (v) {
	case DOTQMAIL_PASS:
		return 1;
	case DOTQMAIL_OBEY:
		return obey(r, q);
	case DOTQMAIL_MISTAKE:
		return refuse_bad(r, r->at.line, q);
	case DOTQMAIL_NOTHING:
	case DOTQMAIL_NO_FILE:
	case DOTQMAIL_NO_PROGRAM:
		break;
	}
	return outcome_set(r->o, OUTCOME_DEFERRED, dotqmail_complaint(v), (char *)0);
}

static int look_ahead(run *r, char const *s, size_t n)
{
	dotqmail q;
	size_t lines = dotqmail_ahead(&q, s, n);

	return lines == 0 || refuse_bad(r, r->at.line + lines, &q);
}

static int do_lines(run *r)
{
	char const *s = r->i->text.s;
	size_t n = r->i->text.len;
	dotqmail q = { .kind = DOTQMAIL_BLANK, .arg = "", .len = 0 };

	if (n == 0)
		return do_line(r, &q);
	if (!look_ahead(r, s, n))
		return 0;
	while (n > 0 && !r->stopped) {
		size_t took = dotqmail_next(&q, s, n);

		s += took;
		n -= took;
		if (!do_line(r, &q))
			return explain(r);
		if (q.kind == DOTQMAIL_PROGRAM && !r->stopped && !look_ahead(r, s, n))
			return 0;
	}
	return 1;
}

int deliver_all(outcome *o, delivery const *d, instructions const *i, int describe_only, deliver_counts *n)
{
	run r = { .o = o, .d = d, .i = i, .n = n, .describe = describe_only, .at = { .line = 0, .forward_only = i->forward_only } };
	int ok = do_lines(&r);

	if (ok && r.recipients.len > 0)
		ok = forward_send(o, d, &r.recipients, &n->qp);
	stralloc_free(&r.recipients);
	stralloc_free(&r.arg);
	return ok;
}
