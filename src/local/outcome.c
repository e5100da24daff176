/* SPDX-License-Identifier: ISC */

#include "outcome.h"

#include <errno.h>
#include <stdarg.h>

#include <skalibs/buffer.h>

#include "base/errtext.h"

static char const nomem_text[] = "Out of memory. (#4.3.0)";

int outcome_set(outcome *o, int code, ...)
{
	va_list parts;
	char const *part;

	o->code = code;
	o->text.len = 0;
	o->hint = 0;
	o->nomem = 0;
	va_start(parts, code);
	while ((part = va_arg(parts, char const *)) != 0)
		if (!stralloc_cats(&o->text, part)) {
			o->code = OUTCOME_DEFERRED;
			o->nomem = 1;
			break;
		}
	va_end(parts);
	return 0;
}

int outcome_defer(outcome *o, char const *what, char const *name, char const *status)
{
	return outcome_set(o, OUTCOME_DEFERRED, what, name, ": ", errtext(errno), ". (#", status, ")", (char *)0);
}

int outcome_nomem(outcome *o)
{
	return outcome_set(o, OUTCOME_DEFERRED, nomem_text, (char *)0);
}

void outcome_print(outcome const *o)
{
	if (o->nomem)
		buffer_puts(buffer_2, nomem_text);
	else if (o->text.len > 0)
		buffer_put(buffer_2, o->text.s, o->text.len);
	else
		return;
	buffer_putflush(buffer_2, "\n", 1);
}
