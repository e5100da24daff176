/* SPDX-License-Identifier: ISC */

#include "findings.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/types.h>

#include "base/text.h"
#include "recipient/asuser.h"

enum { SECONDS = 60 };

char const findings_cure[] = ": ";

/* What is wrong has no colon with a blank behind it: there the cure begins. */
static int put_what(stralloc *out, char const *s)
{
	while (*s) {
		char const *colon = strstr(s, ": ");
		size_t n = colon ? (size_t)(colon - s) : strlen(s);

		if (!text_visible(out, s, n) || (colon && !stralloc_cats(out, ", ")))
			return 0;
		s += n + (colon ? 2 : 0);
	}
	return 1;
}

static int put_head(stralloc *out, char const *file, size_t line, finding_severity severity)
{
	char number[SIZE_FMT];

	return put_what(out, file) && stralloc_append(out, ':') && stralloc_catb(out, number, size_fmt(number, line))
		&& stralloc_cats(out, severity == FINDING_ERROR ? ": error: " : ": warning: ");
}

void findings_add(findings *f, finding_severity severity, char const *file, size_t line, ...)
{
	va_list ap;
	char const *s;
	int cure = 0;
	int ok = put_head(&f->out, file, line, severity);

	va_start(ap, line);
	while (ok && (s = va_arg(ap, char const *))) {
		ok = cure ? text_visible(&f->out, s, strlen(s))
			: s == findings_cure ? stralloc_cats(&f->out, s) : put_what(&f->out, s);
		cure |= s == findings_cure;
	}
	va_end(ap);
	if (!ok || !stralloc_append(&f->out, '\n'))
		f->failed = 1;
	if ((int)severity > f->worst)
		f->worst = (int)severity;
}

/* ---- as another user */

typedef struct task
{
	findings_work *work;
	void *data;
} task;

/* The worst, and the lines. */
static int find(stralloc *out, void *data)
{
	task const *t = data;
	findings f = FINDINGS_ZERO;
	char worst;

	t->work(&f, t->data);
	worst = (char)f.worst;
	return !f.failed && stralloc_catb(out, &worst, 1) && stralloc_catb(out, f.out.s, f.out.len);
}

/* The lines of a child that was another user are looked at once more before they are shown. */
static int are_lines(char const *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (s[i] != '\n' && (s[i] < ' ' || s[i] > '~'))
			return 0;
	return n == 0 || s[n - 1] == '\n';
}

void findings_as(findings *f, uid_t uid, gid_t gid, char const *file, findings_work *work, void *data)
{
	task t = { .work = work, .data = data };
	stralloc found = STRALLOC_ZERO;
	int ok = asuser_run(&found, uid, gid, SECONDS, find, &t);
	int worst = ok && found.len ? (unsigned char)found.s[0] : -1;

	if (!ok)
		findings_add(f, FINDING_WARNING, file, 0, "cannot be looked at as the user whose it is, ",
			strerror(errno), findings_cure,
			"see what is in the way, and try again", (char *)0);
	else if (worst < 0 || worst > FINDING_ERROR || !are_lines(found.s + 1, found.len - 1)
	 || !stralloc_catb(&f->out, found.s + 1, found.len - 1))
		f->failed = 1;
	else if (worst > f->worst)
		f->worst = worst;
	stralloc_free(&found);
}

void findings_unreadable(findings *f, char const *file)
{
	int others = geteuid() != 0 && (errno == EACCES || errno == EPERM);

	findings_add(f, others ? FINDING_WARNING : FINDING_ERROR, file, 0, "cannot be read, ", strerror(errno),
		findings_cure, others ? "run qmail-lint as root" : "mend or remove it", (char *)0);
}
