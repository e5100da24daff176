/* SPDX-License-Identifier: ISC */

#include "base/setting.h"

#include <stdio.h>
#include <string.h>

#include "base/notes.h"

enum { WHERE_FMT = 128 };

typedef enum { NUMBER_NONE, NUMBER_TRAILED, NUMBER_CLEAN } number_form;

static number_form scan_number(uint64_t *value, char const *s, size_t n)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n && s[i] >= '0' && s[i] <= '9'; i++) {
		unsigned int digit = (unsigned int)(s[i] - '0');

		v = v > (UINT64_MAX - digit) / 10 ? UINT64_MAX : v * 10 + digit;
	}
	if (i == 0)
		return NUMBER_NONE;
	*value = v;
	return i < n ? NUMBER_TRAILED : NUMBER_CLEAN;
}

static void take_number(stralloc *notes, uint64_t *value, char const *where, char const *s, size_t n, char const *cure)
{
	number_form form = scan_number(value, s, n);

	if (form == NUMBER_NONE)
		notes_add(notes, where, "not a number", cure);
	if (form == NUMBER_TRAILED)
		notes_add(notes, where, "text behind the number", "it is not looked at; remove it");
}

int setting_number(stralloc *notes, uint64_t *value, char const *file, char const *cure)
{
	stralloc sa = STRALLOC_ZERO;
	control_status status = control_readline(&sa, file);

	if (status == CONTROL_READ) {
		char where[WHERE_FMT];

		snprintf(where, sizeof where, "%s: line 1", file);
		take_number(notes, value, where, sa.s, sa.len, cure);
	}
	stralloc_free(&sa);
	return status != CONTROL_ERROR || notes_unreadable(notes, file);
}

int setting_override(stralloc *notes, uint64_t *value, char const *name, char const *text,
	char const *file, char const *cure)
{
	char where[WHERE_FMT];

	if (!text)
		return setting_number(notes, value, file, cure);
	snprintf(where, sizeof where, "variable %s", name);
	take_number(notes, value, where, text, strlen(text), cure);
	return 1;
}

int setting_list(stralloc *notes, control_list *l, constmap *m, int *present, char const *file)
{
	control_status status = control_readlist(l, file, 0);

	*present = status == CONTROL_READ;
	if (status == CONTROL_ERROR || !constmap_set(m, l))
		return notes_unreadable(notes, file);
	return 1;
}

void setting_useless(stralloc *notes, control_list const *l, char const *file, char const *bad,
	char const *what, char const *cure)
{
	char const *s = l->entries.s;
	size_t i;

	for (i = 0; i < l->n; i++, s += strlen(s) + 1)
		if (strpbrk(s, bad)) {
			char where[WHERE_FMT];

			snprintf(where, sizeof where, "%s: line %zu", file, control_line(l, i));
			notes_add(notes, where, what, cure);
			return;
		}
}
