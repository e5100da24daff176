/* SPDX-License-Identifier: ISC */

#include "findings.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/types.h>

#include "base/text.h"

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
		ok = cure ? text_visible(&f->out, s, strlen(s)) : s == findings_cure ? stralloc_cats(&f->out, s) : put_what(&f->out, s);
		cure |= s == findings_cure;
	}
	va_end(ap);
	if (!ok || !stralloc_append(&f->out, '\n'))
		f->failed = 1;
	if ((int)severity > f->worst)
		f->worst = (int)severity;
}

void findings_unreadable(findings *f, char const *file)
{
	int others = geteuid() != 0 && (errno == EACCES || errno == EPERM);

	findings_add(f, others ? FINDING_WARNING : FINDING_ERROR, file, 0, "cannot be read, ", strerror(errno), findings_cure,
		others ? "run qmail-lint as root" : "mend or remove it", (char *)0);
}
