/* SPDX-License-Identifier: ISC */

#include "rewriting.h"

#include <string.h>

#include "base/text.h"

/* Lines without a colon that are shown for an address. */
enum { COLONLESS_MAX = 10 };

typedef struct telling
{
	steps *s;
	tables const *r;
} telling;

static void entry_step(telling const *t, steps_verdict verdict, constmap_entry const *e, char const *why)
{
	steps_begin(t->s, STAGE_VIRTUALDOMAINS, verdict, t->r->virtual_file, control_line(&t->r->virtualdomains, e->index));
	steps_bytes(t->s, e->key, e->keylen);
	steps_text(t->s, ":");
	steps_bytes(t->s, e->value, e->valuelen);
	steps_text(t->s, why);
	steps_end(t->s);
}

/* Lines with the same key further up: a map has only the last. */
static void repeated(telling const *t, constmap_entry const *e)
{
	char const *line = t->r->virtualdomains.entries.s;
	size_t i;

	for (i = 0; i < e->index; i++) {
		size_t n = strcspn(line, ":");
		size_t len = strlen(line);

		if (n < len && n == e->keylen && text_casecmp(line, e->key, n) == 0) {
			constmap_entry other = { .key = line, .keylen = n, .value = line + n + 1, .valuelen = len - n - 1, .index = i };

			entry_step(t, STEP_BEATEN, &other, " (of lines with one pattern the last counts)");
		}
		line += len + 1;
	}
}

/* All entries that fit, but for the one that decides. */
static void beaten(telling const *t, char const *address, size_t n, constmap_entry const *winner, char const *why)
{
	rewrite_search search;
	constmap_entry const *e;

	rewrite_search_start(&search, address, n);
	while ((e = rewrite_search_next(&search, &t->r->tables)))
		if (e != winner)
			entry_step(t, STEP_BEATEN, e, why);
}

/* Whether a line without a colon was meant for an address: it starts with what would match, and then ends, or goes on
 * with something that stands where the colon should. */
static int is_meant(char const *line, char const *address, size_t n)
{
	size_t domain = text_rchr(address, n, '@') + 1;
	size_t len = strcspn(line, " \t=,;|");

	if (len == 0 || len > n)
		return 0;
	if (len == n || (domain <= n && len == n - domain))
		return text_casecmp(line, address + n - len, len) == 0;
	return line[0] == '.' && domain <= n && len < n - domain && text_casecmp(line, address + n - len, len) == 0;
}

static void without_colon(telling const *t, char const *address, size_t n)
{
	char const *line = t->r->virtualdomains.entries.s;
	unsigned long meant = 0;
	size_t i;

	for (i = 0; i < t->r->virtualdomains.n; i++, line += strlen(line) + 1)
		if (!strchr(line, ':') && is_meant(line, address, n) && meant++ < COLONLESS_MAX)
			steps_add(t->s, STAGE_VIRTUALDOMAINS, STEP_WARNING, t->r->virtual_file, control_line(&t->r->virtualdomains, i),
				line, " has no colon and counts for nothing: write domain:prepend", (char *)0);
	if (meant > COLONLESS_MAX) {
		steps_begin(t->s, STAGE_VIRTUALDOMAINS, STEP_WARNING, t->r->virtual_file, 0);
		steps_number(t->s, meant - COLONLESS_MAX);
		steps_text(t->s, " more lines like these");
		steps_end(t->s);
	}
}

static void simple(telling const *t, steps_stage stage, steps_verdict verdict, char const *file, size_t line,
	char const *what, char const *p, size_t n, char const *after)
{
	steps_begin(t->s, stage, verdict, file, line);
	steps_text(t->s, what);
	steps_bytes(t->s, p, n);
	steps_text(t->s, after);
	steps_end(t->s);
}

static char const *of_prepend(rewrite_reason why)
{
	switch (why) {
	case REWRITE_UNTOUCHED:
		return " (nothing behind the colon: not virtual, so remote)";
	case REWRITE_EMPTY:
		return " (nothing behind the colon: local, by control/emptyprefixlocal)";
	default:
		return "";
	}
}

static void tell_virtual(telling const *t, rewrite_reason why, constmap_entry const *e, char const *address, size_t n)
{
	size_t domain = text_rchr(address, n, '@') + 1;

	simple(t, STAGE_LOCALS, STEP_PASSED, t->r->locals_file, 0, domain < n ? "" : "the empty domain", address + domain, n - domain,
		" is not in it");
	without_colon(t, address, n);
	if (!e) {
		simple(t, STAGE_VIRTUALDOMAINS, STEP_PASSED, t->r->virtual_file, 0, "no pattern for ", address + domain, n - domain,
			domain < n ? "" : "the empty domain");
		return;
	}
	entry_step(t, STEP_TAKEN, e, of_prepend(why));
	if (e->valuelen && (e->value[0] == ' ' || e->value[0] == '\t'))
		entry_step(t, STEP_WARNING, e, " has a blank behind the colon, which is part of the prepend: remove it");
	repeated(t, e);
	beaten(t, address, n, e, "");
}

static void tell(void *data, rewrite_reason why, constmap_entry const *e, char const *address, size_t n)
{
	telling const *t = data;

	switch (why) {
	case REWRITE_APPENDED:
		simple(t, STAGE_ENVNOATHOST, STEP_TAKEN, t->r->noat_file, t->r->noat_file != 0, "no @ in it: ", address, n, "");
		break;
	case REWRITE_PERCENT:
		steps_begin(t->s, STAGE_PERCENTHACK, STEP_TAKEN, tables_percent_file, control_line(&t->r->percenthack, e->index));
		steps_bytes(t->s, e->key, e->keylen);
		steps_text(t->s, ": ");
		steps_bytes(t->s, address, n);
		steps_end(t->s);
		break;
	case REWRITE_LOCALS:
		simple(t, STAGE_LOCALS, STEP_TAKEN, t->r->locals_file, control_line(&t->r->locals, e->index), "", e->key, e->keylen,
			"");
		beaten(t, address, n, 0, " (locals come first)");
		break;
	case REWRITE_VIRTUAL:
	case REWRITE_UNTOUCHED:
	case REWRITE_EMPTY:
	case REWRITE_ELSE:
		tell_virtual(t, why, e, address, n);
		break;
	}
}

static void tell_damage(steps *s, steps_stage stage, compiled_source from, char const *cdb)
{
	if (from == COMPILED_DAMAGED)
		steps_add(s, stage, STEP_WARNING, cdb, 0, "cannot be used: the text beside it counts until qmail-newcdb has made it anew",
			(char *)0);
}

rewrite_route rewriting_explain(steps *s, tables const *r, char const *address, stralloc *recipient)
{
	telling t = { .s = s, .r = r };
	rewrite_route route;

	if (r->unread) {
		steps_add(s, STAGE_LOCALS, STEP_UNKNOWN, r->unread, 0, "cannot be read: ", strerror(r->error), (char *)0);
		steps_conclude(s, RESULT_UNKNOWN, "a control file cannot be read");
		return REWRITE_NOMEM;
	}
	tell_damage(s, STAGE_LOCALS, r->locals_from, tables_locals_cdb);
	tell_damage(s, STAGE_VIRTUALDOMAINS, r->virtual_from, tables_virtual_cdb);
	route = rewrite_watched(&r->tables, recipient, address, strlen(address), tell, &t);
	if (route == REWRITE_NOMEM) {
		s->failed = 1;
		return route;
	}
	simple(&t, STAGE_RECIPIENT, STEP_TAKEN, 0, 0, "", recipient->s, recipient->len,
		route == REWRITE_LOCAL ? " is local" : " is remote");
	steps_fact(s, "channel", route == REWRITE_LOCAL ? "local" : "remote", route == REWRITE_LOCAL ? 5 : 6);
	steps_fact(s, "recipient", recipient->s, recipient->len);
	return route;
}
