/* SPDX-License-Identifier: ISC */

/* Input, divided by a form feed: a control file, and a key that is looked for in it. */

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/constmap.h"
#include "base/control.h"
#include "fuzz.h"
#include "route/rcpthosts.h"
#include "route/smtproutes.h"

static span trim(span line)
{
	while (line.n && (line.s[line.n - 1] == ' ' || line.s[line.n - 1] == '\t'))
		line.n--;
	return line;
}

/* The next entry of a list: trimmed, up to a NUL, neither empty nor a comment. *number is that of its line. */
static int next_entry(span *file, span *entry, size_t *number)
{
	while (file->n) {
		*entry = trim(fuzz_line(file));
		entry->n = strnlen(entry->s, entry->n);
		++*number;
		if (entry->n && entry->s[0] != '#')
			return 1;
	}
	return 0;
}

static void check_list(control_list const *l, span file)
{
	char const *s = l->entries.s;
	span entry;
	size_t number = 0;
	size_t i;

	for (i = 0; next_entry(&file, &entry, &number); i++) {
		HOLDS(i < l->n);
		HOLDS(strlen(s) == entry.n && memcmp(s, entry.s, entry.n) == 0);
		HOLDS(control_line(l, i) == number);
		s += entry.n + 1;
	}
	HOLDS(l->n == i && (i == 0 || s == l->entries.s + l->entries.len));
}

/* Of equal keys the last one counts. *index: which entry. */
static int find(span file, char sep, span key, span *value, size_t *index)
{
	span entry;
	size_t number = 0;
	size_t i;
	int found = 0;

	for (i = 0; next_entry(&file, &entry, &number); i++) {
		char const *split = sep ? memchr(entry.s, sep, entry.n) : entry.s + entry.n;

		if (!split || !fuzz_same_fold((span){ entry.s, (size_t)(split - entry.s) }, key))
			continue;
		found = 1;
		*index = i;
		*value = (span){ split + 1, sep ? entry.n - key.n - 1 : 0 };
	}
	return found;
}

static void check_find(constmap const *m, span file, char sep, span key)
{
	constmap_entry const *e = constmap_find(m, key.s, key.n);
	span value;
	size_t index;

	HOLDS((e != 0) == find(file, sep, key, &value, &index));
	if (!e)
		return;
	HOLDS(e->index == index && fuzz_same_fold((span){ e->key, e->keylen }, key));
	HOLDS(e->valuelen == value.n && strlen(e->value) == value.n && memcmp(e->value, value.s, value.n) == 0);
}

static void check_rcpthosts(constmap const *m, span file, span key)
{
	char const *at = key.n ? memrchr(key.s, '@', key.n) : 0;
	span host = at ? (span){ at + 1, (size_t)(key.s + key.n - (at + 1)) } : key;
	span value;
	size_t index;
	size_t i;
	int allowed = !at || (host.n <= 1023 && find(file, 0, host, &value, &index));

	for (i = 0; i < host.n && !allowed && host.n <= 1023; i++)
		allowed = host.s[i] == '.' && find(file, 0, (span){ host.s + i, host.n - i }, &value, &index);
	HOLDS((rcpthosts_allows(m, 0, 0, key.s, key.n) == RCPTHOSTS_YES) == allowed);
}

/* A relay is a host name, or nothing is sent at all. */
static void check_routes(control_list const *l, constmap const *m, span key)
{
	smtproutes_route r;
	smtproutes_status status = smtproutes_find(&r, l, m, key.s, key.n);
	size_t i;

	if (status != SMTPROUTES_NONE)
		HOLDS(r.index < l->n);
	if (status != SMTPROUTES_RELAY)
		return;
	HOLDS(r.relaylen > 0 && r.port <= 65535);
	HOLDS(r.relay > l->entries.s && r.relay + r.relaylen < l->entries.s + l->entries.len);
	for (i = 0; i < r.relaylen; i++)
		HOLDS(r.relay[i] > 32 && r.relay[i] < 127 && r.relay[i] != '|');
	HOLDS(r.relay[0] != '[' || r.relay[r.relaylen - 1] == ']');
}

static void check_line(span file)
{
	span whole = file;
	span line = trim(fuzz_line(&file));
	unsigned int n = 7;
	unsigned long value = 0;
	size_t i;

	HOLDS(control_line_length(whole.s, whole.n) == line.n);
	for (i = 0; i < line.n && line.s[i] >= '0' && line.s[i] <= '9'; i++) {
		value = value * 10 + (unsigned long)(line.s[i] - '0');
		if (value > UINT_MAX)
			value = UINT_MAX;
	}
	HOLDS(control_number(&n, line.s, line.n) == (i > 0 ? CONTROL_READ : CONTROL_BAD));
	HOLDS(n == (i > 0 ? value : 7));
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	span in = fuzz_whole(data, size);
	span file = fuzz_section(&in);
	char *text = malloc(file.n + !file.n);
	control_list l = CONTROL_LIST_ZERO;
	constmap set, map;

	fuzz_memory(text != 0);
	memcpy(text, file.s, file.n);
	file.s = text;
	check_line(file);
	fuzz_memory(control_list_parse(&l, text, file.n));
	check_list(&l, file);
	fuzz_memory(constmap_set(&set, &l) && constmap_map(&map, &l, ':'));
	check_find(&set, file, 0, in);
	check_find(&map, file, ':', in);
	check_rcpthosts(&set, file, in);
	check_routes(&l, &map, in);
	constmap_free(&set);
	constmap_free(&map);
	control_list_free(&l);
	free(text);
	return 0;
}
