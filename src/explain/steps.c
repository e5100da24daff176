/* SPDX-License-Identifier: ISC */

#include "steps.h"

#include <stdarg.h>
#include <string.h>

#include <skalibs/types.h>

typedef struct head
{
	steps_kind kind;
	steps_stage stage;
	int verdict;
	size_t line;
	size_t namelen;
	size_t textlen;
} head;

static void put(steps *s, char const *p, size_t n)
{
	if (!s->failed && !s->dropped && !stralloc_catb(&s->data, p, n))
		s->failed = 1;
}

static void open_item(steps *s, head h, char const *name)
{
	s->open = s->data.len;
	h.namelen = strlen(name);
	put(s, (char const *)&h, sizeof h);
	put(s, name, h.namelen);
}

void steps_begin(steps *s, steps_stage stage, steps_verdict verdict, char const *file, size_t line)
{
	int enough = s->data.len > STEPS_MAX && verdict != STEP_REFUSED && verdict != STEP_UNKNOWN;

	if (enough && !s->full) {
		s->full = 1;
		open_item(s, (head){ .kind = STEPS_STEP, .stage = stage, .verdict = STEP_WARNING }, "");
		steps_text(s, "and more steps, which are left out");
		steps_end(s);
	}
	s->dropped = enough;
	open_item(s, (head){ .kind = STEPS_STEP, .stage = stage, .verdict = (int)verdict, .line = line }, file ? file : "");
}

void steps_bytes(steps *s, char const *p, size_t n)
{
	if (n)
		put(s, p, n);
}

void steps_text(steps *s, char const *text)
{
	put(s, text, strlen(text));
}

void steps_number(steps *s, unsigned long n)
{
	char number[ULONG_FMT];

	put(s, number, ulong_fmt(number, n));
}

void steps_mode(steps *s, unsigned int mode)
{
	char digits[4];
	size_t i;

	for (i = 0; i < sizeof digits; i++)
		digits[i] = (char)('0' + (mode >> 3 * (sizeof digits - 1 - i) & 7));
	put(s, digits, sizeof digits);
}

/* A record that is not whole is none. */
void steps_end(steps *s)
{
	head h;

	if (s->dropped) {
		s->dropped = 0;
		return;
	}
	if (s->failed) {
		s->data.len = s->open < s->data.len ? s->open : s->data.len;
		return;
	}
	memcpy(&h, s->data.s + s->open, sizeof h);
	h.textlen = s->data.len - s->open - sizeof h - h.namelen;
	memcpy(s->data.s + s->open, &h, sizeof h);
}

void steps_add(steps *s, steps_stage stage, steps_verdict verdict, char const *file, size_t line, ...)
{
	va_list texts;
	char const *text;

	steps_begin(s, stage, verdict, file, line);
	va_start(texts, line);
	while ((text = va_arg(texts, char const *)))
		steps_text(s, text);
	va_end(texts);
	steps_end(s);
}

static void add(steps *s, steps_kind kind, int verdict, char const *name, char const *text, size_t n)
{
	open_item(s, (head){ .kind = kind, .verdict = verdict }, name);
	steps_bytes(s, text, n);
	steps_end(s);
}

void steps_fact(steps *s, char const *name, char const *text, size_t n)
{
	add(s, STEPS_FACT, 0, name, text, n);
}

void steps_count(steps *s, char const *name, unsigned long n)
{
	char number[ULONG_FMT];

	add(s, STEPS_NUMBER, 0, name, number, ulong_fmt(number, n));
}

void steps_variable(steps *s, char const *variable)
{
	size_t n = strcspn(variable, "=");
	char name[32];

	if (n >= sizeof name || !variable[n])
		return;
	memcpy(name, variable, n);
	name[n] = 0;
	add(s, STEPS_VARIABLE, 0, name, variable + n + 1, strlen(variable + n + 1));
}

void steps_conclude(steps *s, steps_result result, char const *why)
{
	add(s, STEPS_RESULT, (int)result, "", why, strlen(why));
}

static int is_sound(head const *h)
{
	int verdicts = h->kind == STEPS_RESULT ? RESULTS : STEP_VERDICTS;

	return (unsigned int)h->kind < STEPS_KINDS && (unsigned int)h->stage < STAGES
		&& h->verdict >= 0 && h->verdict < verdicts;
}

int steps_next(steps const *s, size_t *at, steps_item *item)
{
	size_t left = s->data.len - *at;
	head h;

	if (left == 0)
		return 0;
	if (left < sizeof h)
		return -1;
	memcpy(&h, s->data.s + *at, sizeof h);
	left -= sizeof h;
	if (!is_sound(&h) || h.namelen > left || h.textlen > left - h.namelen)
		return -1;
	item->kind = h.kind;
	item->stage = h.stage;
	item->verdict = h.verdict;
	item->line = h.line;
	item->name = s->data.s + *at + sizeof h;
	item->namelen = h.namelen;
	item->text = item->name + h.namelen;
	item->textlen = h.textlen;
	*at += sizeof h + h.namelen + h.textlen;
	return 1;
}

int steps_take(steps *s, char const *data, size_t n)
{
	size_t start = s->data.len;
	size_t at = start;
	steps_item item;
	int r;

	if (n == 0)
		return 1;
	put(s, data, n);
	if (s->failed)
		return 0;
	while ((r = steps_next(s, &at, &item)) > 0)
		;
	if (r < 0)
		s->data.len = start;
	return r == 0;
}

steps_result steps_outcome(steps const *s)
{
	steps_result result = RESULT_UNKNOWN;
	steps_item item;
	size_t at = 0;

	while (steps_next(s, &at, &item) > 0)
		if (item.kind == STEPS_RESULT)
			result = (steps_result)item.verdict;
	return s->failed ? RESULT_UNKNOWN : result;
}
