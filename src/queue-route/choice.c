/* SPDX-License-Identifier: ISC */

#include "queue-route/choice.h"

#include "route/pattern.h"

choice_status choice_make(choice *c, choice_table const *t, char const *sender, size_t n)
{
	constmap_entry const *e;

	if (!pattern_sender(sender, &n))
		return CHOICE_DEFAULT;
	e = pattern_find(&t->map, sender, n);
	if (pattern_misfit(&c->index, &t->list, sender, n, e ? e->keylen : 0))
		return CHOICE_NOCOLON;
	if (!e || !e->valuelen)
		return CHOICE_DEFAULT;
	c->program = e->value;
	c->index = e->index;
	return e->value[0] == ' ' || e->value[0] == '\t' ? CHOICE_BLANK : CHOICE_PROGRAM;
}
