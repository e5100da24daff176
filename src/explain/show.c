/* SPDX-License-Identifier: ISC */

#include "show.h"

#include <string.h>

#include <skalibs/types.h>

#include "base/text.h"

enum { STAGE_WIDTH = 15, VERDICT_WIDTH = 9 };

static char const *const stages[STAGES] =
{
	[STAGE_ELSEWHERE] = "elsewhere", [STAGE_QUEUEROUTES] = "queueroutes",
	[STAGE_ENVNOATHOST] = "envnoathost", [STAGE_PERCENTHACK] = "percenthack", [STAGE_LOCALS] = "locals",
	[STAGE_VIRTUALDOMAINS] = "virtualdomains", [STAGE_RECIPIENT] = "recipient", [STAGE_ASSIGN] = "assign",
	[STAGE_ACCOUNT] = "account", [STAGE_USER] = "user", [STAGE_HOME] = "home", [STAGE_DOTQMAIL] = "dot-qmail",
	[STAGE_LIFETIME] = "lifetime", [STAGE_CONCURRENCY] = "concurrency",
	[STAGE_DOMAINIPS] = "domainips", [STAGE_INSTRUCTION] = "instruction", [STAGE_SENDER] = "newsender", [STAGE_SMTPROUTES] = "smtproutes", [STAGE_MX] = "mx",
	[STAGE_HOST] = "host",
};

static char const *const verdicts[STEP_VERDICTS] =
{
	[STEP_NOTE] = "note", [STEP_TAKEN] = "taken", [STEP_PASSED] = "passed", [STEP_BEATEN] = "beaten",
	[STEP_REFUSED] = "refused", [STEP_WARNING] = "warning", [STEP_UNKNOWN] = "unknown",
};

static char const *const results[RESULTS] =
{
	[RESULT_DELIVERABLE] = "deliverable", [RESULT_NOBODY] = "nobody", [RESULT_WAITS] = "waits", [RESULT_UNKNOWN] = "unknown",
};

/* ---- bytes */

static int is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* How long the UTF-8 character is that p[0..n) starts with; 0: it starts with none (RFC 3629: the shortest form, no
 * surrogates, nothing above 10ffff). */
static size_t character(unsigned char const *p, size_t n)
{
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		return n >= 2 && is_tail(p[1]) ? 2 : 0;
	if (p[0] >= 0xe0 && p[0] <= 0xef)
		return n >= 3 && is_tail(p[1]) && is_tail(p[2]) && (p[0] != 0xe0 || p[1] >= 0xa0) && (p[0] != 0xed || p[1] < 0xa0) ? 3 : 0;
	if (p[0] >= 0xf0 && p[0] <= 0xf4)
		return n >= 4 && is_tail(p[1]) && is_tail(p[2]) && is_tail(p[3]) && (p[0] != 0xf0 || p[1] >= 0x90)
			&& (p[0] != 0xf4 || p[1] < 0x90) ? 4 : 0;
	return 0;
}

static int put_character(stralloc *out, unsigned char const *p, size_t n)
{
	if (n == 0)
		return stralloc_append(out, '\\') && text_visible(out, (char const *)p, 1);
	/* In a JSON string each backslash of ours is written as two. */
	if (*p == '\\')
		return stralloc_cats(out, "\\\\\\\\");
	if (*p == '"')
		return stralloc_cats(out, "\\\"");
	if (*p < 32 || *p == 127) {
		char u[6] = { '\\', 'u', '0', '0', (char)('0' + (*p >> 4)), "0123456789abcdef"[*p & 15] };

		return stralloc_catb(out, u, sizeof u);
	}
	return stralloc_catb(out, (char const *)p, n);
}

int show_string(stralloc *out, char const *p, size_t n)
{
	size_t i = 0;

	if (!stralloc_append(out, '"'))
		return 0;
	while (i < n) {
		unsigned char const *c = (unsigned char const *)p + i;
		size_t len = character(c, n - i);

		if (!put_character(out, c, len))
			return 0;
		i += len ? len : 1;
	}
	return stralloc_append(out, '"');
}

static int put_number(stralloc *out, size_t n)
{
	char number[SIZE_FMT];

	return stralloc_catb(out, number, size_fmt(number, n));
}

/* ---- text */

static int pad(stralloc *out, char const *word, size_t width)
{
	size_t n = strlen(word);

	if (!stralloc_cats(out, word))
		return 0;
	for (; n < width; n++)
		if (!stralloc_append(out, ' '))
			return 0;
	return 1;
}

/* file:line: text */
static int put_what(stralloc *out, steps_item const *item)
{
	if (item->namelen) {
		if (!text_visible(out, item->name, item->namelen))
			return 0;
		if (item->line && (!stralloc_append(out, ':') || !put_number(out, item->line)))
			return 0;
		if (!stralloc_cats(out, ": "))
			return 0;
	}
	return text_visible(out, item->text, item->textlen) && stralloc_append(out, '\n');
}

static int put_address(stralloc *out, char const *address)
{
	return text_visible(out, address, strlen(address)) && stralloc_append(out, '\n');
}

static int text_item(stralloc *out, steps_item const *item)
{
	switch (item->kind) {
	case STEPS_STEP:
		return stralloc_cats(out, "  ") && pad(out, stages[item->stage], STAGE_WIDTH)
			&& pad(out, verdicts[item->verdict], VERDICT_WIDTH) && put_what(out, item);
	case STEPS_VARIABLE:
		return stralloc_cats(out, "  ") && pad(out, "environment", STAGE_WIDTH + VERDICT_WIDTH)
			&& text_visible(out, item->name, item->namelen) && stralloc_append(out, '=')
			&& text_visible(out, item->text, item->textlen) && stralloc_append(out, '\n');
	case STEPS_RESULT:
		return stralloc_cats(out, "  ") && pad(out, "result", STAGE_WIDTH) && stralloc_cats(out, results[item->verdict])
			&& stralloc_cats(out, ": ") && text_visible(out, item->text, item->textlen) && stralloc_append(out, '\n');
	case STEPS_FACT:
	case STEPS_NUMBER:
	case STEPS_KINDS:
		break;
	}
	return 1;
}

/* First all that is not the result, then that: a child may have come to it before its parent had said all. */
int show_text(stralloc *out, char const *address, steps const *s)
{
	steps_item item;
	steps_item result = { .kind = STEPS_RESULT, .verdict = RESULT_UNKNOWN, .text = "", .textlen = 0 };
	size_t at = 0;

	if (!put_address(out, address))
		return 0;
	while (steps_next(s, &at, &item) > 0)
		if (item.kind == STEPS_RESULT)
			result = item;
		else if (!text_item(out, &item))
			return 0;
	return text_item(out, &result);
}

/* ---- chart */

static char const *const branches[STEP_VERDICTS] =
{
	[STEP_NOTE] = "|      ", [STEP_TAKEN] = "|==>   ", [STEP_PASSED] = "|--x   ", [STEP_BEATEN] = "|  '-- ",
	[STEP_REFUSED] = "|==X   ", [STEP_WARNING] = "|  !   ", [STEP_UNKNOWN] = "|??    ",
};

static int put_join(stralloc *out, steps_item const *item, int *stage)
{
	if (*stage == (int)item->stage)
		return 1;
	*stage = (int)item->stage;
	return stralloc_cats(out, "|\n+- ") && stralloc_cats(out, stages[item->stage]) && stralloc_append(out, '\n');
}

static int chart_item(stralloc *out, steps_item const *item, int *stage)
{
	if (item->kind != STEPS_STEP)
		return 1;
	if (item->stage == STAGE_RECIPIENT && item->verdict == STEP_TAKEN) {
		*stage = (int)STAGE_RECIPIENT;
		return stralloc_cats(out, "v\n") && text_visible(out, item->text, item->textlen) && stralloc_append(out, '\n');
	}
	return put_join(out, item, stage) && stralloc_cats(out, branches[item->verdict]) && put_what(out, item);
}

int show_chart(stralloc *out, char const *address, steps const *s)
{
	steps_item item;
	steps_item result = { .verdict = RESULT_UNKNOWN, .text = "", .textlen = 0 };
	size_t at = 0;
	int stage = -1;

	if (!put_address(out, address))
		return 0;
	while (steps_next(s, &at, &item) > 0)
		if (item.kind == STEPS_RESULT)
			result = item;
		else if (!chart_item(out, &item, &stage))
			return 0;
	return stralloc_cats(out, "|\nv\n") && stralloc_cats(out, results[result.verdict]) && stralloc_cats(out, ": ")
		&& text_visible(out, result.text, result.textlen) && stralloc_append(out, '\n');
}

/* ---- JSON */

static int key(stralloc *out, char const *name, size_t n)
{
	char last = out->s[out->len - 1];

	return (last == '{' || last == '[' || stralloc_append(out, ',')) && show_string(out, name, n) && stralloc_append(out, ':');
}

static int pair(stralloc *out, char const *name, char const *value, size_t n)
{
	return key(out, name, strlen(name)) && show_string(out, value, n);
}

static int words(stralloc *out, char const *name, char const *value)
{
	return pair(out, name, value, strlen(value));
}

static int json_step(stralloc *out, steps_item const *item)
{
	return (out->s[out->len - 1] == '[' || stralloc_append(out, ','))
		&& stralloc_append(out, '{')
		&& words(out, "stage", stages[item->stage])
		&& words(out, "verdict", verdicts[item->verdict])
		&& pair(out, "file", item->name, item->namelen)
		&& key(out, "line", 4) && put_number(out, item->line)
		&& pair(out, "text", item->text, item->textlen)
		&& stralloc_append(out, '}');
}

/* Of facts by one name the last counts: an address that goes to another user in the end has two of each. */
static int is_superseded(steps const *s, size_t at, steps_item const *item)
{
	steps_item later;

	if (item->kind == STEPS_STEP)
		return 0;
	while (steps_next(s, &at, &later) > 0)
		if (later.kind == item->kind && later.namelen == item->namelen && memcmp(later.name, item->name, item->namelen) == 0)
			return 1;
	return 0;
}

/* All items of one kind, each as it stands in the object. */
static int json_items(stralloc *out, steps const *s, steps_kind kind)
{
	steps_item item;
	size_t at = 0;
	int ok = 1;

	while (ok && steps_next(s, &at, &item) > 0) {
		if (item.kind != kind || is_superseded(s, at, &item))
			continue;
		if (kind == STEPS_STEP)
			ok = json_step(out, &item);
		else if (kind == STEPS_NUMBER)
			ok = key(out, item.name, item.namelen) && stralloc_catb(out, item.text, item.textlen);
		else
			ok = key(out, item.name, item.namelen) && show_string(out, item.text, item.textlen);
	}
	return ok;
}

static int json_result(stralloc *out, steps const *s)
{
	steps_item result = { .verdict = RESULT_UNKNOWN, .text = "", .textlen = 0 };
	steps_item item;
	size_t at = 0;

	while (steps_next(s, &at, &item) > 0)
		if (item.kind == STEPS_RESULT)
			result = item;
	return words(out, "result", results[result.verdict]) && pair(out, "reason", result.text, result.textlen);
}

int show_json(stralloc *out, char const *address, char const *sender, int code, steps const *s)
{
	return stralloc_append(out, '{')
		&& words(out, "address", address)
		&& words(out, "sender", sender)
		&& json_result(out, s)
		&& key(out, "exit", 4) && put_number(out, (size_t)code)
		&& json_items(out, s, STEPS_FACT)
		&& json_items(out, s, STEPS_NUMBER)
		&& key(out, "environment", 11) && stralloc_append(out, '{')
		&& json_items(out, s, STEPS_VARIABLE)
		&& stralloc_append(out, '}')
		&& key(out, "steps", 5) && stralloc_append(out, '[')
		&& json_items(out, s, STEPS_STEP)
		&& stralloc_cats(out, "]}");
}
