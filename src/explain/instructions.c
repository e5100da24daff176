/* SPDX-License-Identifier: ISC */

#include "instructions.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>

#include "mail/dotqmail.h"

enum
{
	LISTED_MAX = 1000,              /* lines that are told one by one */
	TEXT_MAX = 1000,                /* bytes of each */
};

int instructions_read(instructions_source *i, int fd)
{
	for (;;) {
		ssize_t r;

		if (i->text.len > DOTQMAIL_FILE_MAX)
			return errno = EFBIG, 0;
		if (!stralloc_readyplus(&i->text, 8192))
			return 0;
		r = fd_read(fd, i->text.s + i->text.len, 8192);
		if (r <= 0)
			return r == 0;
		i->text.len += (size_t)r;
	}
}

void instructions_default(steps *s, instructions_source *i, char const *text, char const *file, int empty)
{
	char const *const where = file && text ? "" : text ? ", the argument of the qmail-lspawn that runs"
		: ", which qmail-start has as its argument (./Mailbox if it has none)";

	steps_add(s, STAGE_DOTQMAIL, STEP_TAKEN, text ? file : 0, 0, empty ? "the file is empty: " : "",
		"the default delivery instructions", where, (char *)0);
	i->forward_only = 0;
	i->file = file;
	i->unknown = !text;
	if (text && !stralloc_copys(&i->text, text))
		s->failed = 1;
}

static char const *action(dotqmail_kind kind)
{
	switch (kind) {
	case DOTQMAIL_MBOX:
		return "mbox ";
	case DOTQMAIL_MAILDIR:
		return "maildir ";
	case DOTQMAIL_PROGRAM:
		return "program ";
	case DOTQMAIL_FORWARD:
		return "forward to ";
	case DOTQMAIL_LIST:
		return "from here on addresses only";
	case DOTQMAIL_BLANK:
	case DOTQMAIL_COMMENT:
	case DOTQMAIL_OTHER:
	case DOTQMAIL_BAD:
		break;
	}
	return "";
}

static void tell(steps *s, instructions_source const *i, size_t line, steps_verdict v, dotqmail const *d, char const *why)
{
	size_t n = d->kind == DOTQMAIL_LIST ? 0 : d->len;

	steps_begin(s, STAGE_INSTRUCTION, v, i->file, line);
	steps_text(s, action(d->kind));
	steps_bytes(s, d->arg, n < TEXT_MAX ? n : TEXT_MAX);
	if (n > TEXT_MAX)
		steps_text(s, "...");
	steps_text(s, why);
	steps_end(s);
}

/* Whether a message can be put there; for a person, and asked of the directory alone. */
static int is_maildir(char const *dir, size_t n)
{
	stralloc sa = STRALLOC_ZERO;
	int ok = stralloc_catb(&sa, dir, n) && stralloc_cats(&sa, "tmp") && stralloc_0(&sa) && access(sa.s, W_OK | X_OK) == 0;

	sa.len = n;
	ok = ok && stralloc_cats(&sa, "new") && stralloc_0(&sa) && access(sa.s, W_OK | X_OK) == 0;
	stralloc_free(&sa);
	return ok;
}

/* Behind a program nothing is certain. */
static void conclude(steps *s, char const *why, int behind)
{
	stralloc sa = STRALLOC_ZERO;

	if (!stralloc_cats(&sa, why) || (behind && !stralloc_cats(&sa, " (unless a program in front of it ends with 99)"))
	 || !stralloc_0(&sa))
		s->failed = 1;
	else
		steps_conclude(s, RESULT_WAITS, sa.s);
	stralloc_free(&sa);
}

static void wait_for(steps *s, instructions_source const *i, size_t line, dotqmail const *d, char const *why, int behind)
{
	steps_begin(s, STAGE_INSTRUCTION, STEP_REFUSED, i->file, line);
	if (d->kind != DOTQMAIL_BAD)
		steps_text(s, action(d->kind)), steps_bytes(s, d->arg, d->len < TEXT_MAX ? d->len : TEXT_MAX), steps_text(s, ": ");
	steps_text(s, why);
	steps_end(s);
	conclude(s, why, behind);
}

/* Returns 0 when it is over. */
static int tell_line(steps *s, instructions_source const *i, dotqmail_run *run, dotqmail const *d, int behind)
{
	dotqmail_verdict v = dotqmail_judge(run, d);

	if (v == DOTQMAIL_MISTAKE)
		return wait_for(s, i, run->line, d, d->arg, behind), 0;
	if (v != DOTQMAIL_PASS && v != DOTQMAIL_OBEY)
		return wait_for(s, i, run->line, d, dotqmail_complaint(v), behind), 0;
	if (v == DOTQMAIL_OBEY && d->kind == DOTQMAIL_MAILDIR && i->own && !is_maildir(d->arg, d->len))
		return wait_for(s, i, run->line, d, "no maildir that can be written to: Unable to chdir to maildir. (#4.2.1)", behind), 0;
	if (run->line <= LISTED_MAX && (v == DOTQMAIL_OBEY || d->kind == DOTQMAIL_LIST))
		tell(s, i, run->line, v == DOTQMAIL_OBEY ? STEP_TAKEN : STEP_NOTE, d, "");
	return 1;
}

static int tell_lines(steps *s, instructions_source const *i)
{
	dotqmail_run run = { .line = 0, .forward_only = i->forward_only };
	dotqmail d = { .kind = DOTQMAIL_BLANK, .arg = "", .len = 0 };
	char const *p = i->text.s;
	size_t n = i->text.len;
	size_t bad;
	int behind = 0;

	if (n == 0)
		return tell_line(s, i, &run, &d, 0);
	bad = dotqmail_ahead(&d, p, n);
	if (bad)
		return wait_for(s, i, bad, &d, d.arg, 0), 0;
	while (n > 0) {
		size_t took = dotqmail_next(&d, p, n);

		if (!tell_line(s, i, &run, &d, behind))
			return 0;
		behind |= d.kind == DOTQMAIL_PROGRAM;
		p += took;
		n -= took;
	}
	if (run.line > LISTED_MAX) {
		steps_begin(s, STAGE_INSTRUCTION, STEP_NOTE, i->file, LISTED_MAX + 1);
		steps_text(s, "and so on, ");
		steps_number(s, run.line - LISTED_MAX);
		steps_text(s, " lines more");
		steps_end(s);
	}
	return 1;
}

void instructions_explain(steps *s, instructions_source const *i)
{
	if (i->unknown || tell_lines(s, i))
		steps_conclude(s, RESULT_DELIVERABLE, i->file && !i->unknown ? i->file : "the default delivery instructions");
}
