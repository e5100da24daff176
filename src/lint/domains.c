/* SPDX-License-Identifier: ISC */

#include "domains.h"

#include <string.h>

#include "base/text.h"
#include "below.h"
#include "mailbox.h"
#include "pattern.h"
#include "recipient/prefix.h"
#include "route/rcpthosts.h"

static char const virtual_file[] = "control/virtualdomains";

typedef struct entry
{
	char const *key;        /* NUL-terminated copies */
	char const *value;
	size_t line;
	char const *domain;     /* of the key: behind the @ if there is one */
} entry;

/* ---- who gets it */

/* Many domains may have one prefix. */
static prefix_verdict judge(char const *prefix)
{
	static stralloc last = STRALLOC_ZERO;
	static prefix_verdict verdict;

	if (last.len && strcmp(last.s, prefix) == 0)
		return verdict;
	verdict = prefix_judge(prefix);
	if (!stralloc_copys(&last, prefix) || !stralloc_0(&last))
		last.len = 0;
	return verdict;
}

/* 0 if nobody is there, so that nothing more need be said. */
static int check_prefix(findings *f, entry const *e)
{
	size_t n = strlen(e->value);

	if (strpbrk(e->value, "@:/ \t")) {
		findings_add(f, FINDING_ERROR, virtual_file, e->line, "a prefix is no address", findings_cure,
			"write the part that stands in front of the dash alone", (char *)0);
		return 0;
	}
	if (e->value[n - 1] == '-')
		findings_add(f, FINDING_WARNING, virtual_file, e->line,
			"a dash at the end of the prefix, where one is put anyway", findings_cure,
			"remove it", (char *)0);
	switch (judge(e->value)) {
	case PREFIX_SOMEBODY:
		return 1;
	case PREFIX_NOBODY:
		findings_add(f, FINDING_ERROR, virtual_file, e->line, "nobody gets mail for ", e->value,
			"-..., neither an account nor "
			"users/assign nor a file of alias's", findings_cure, "add a line +", e->value,
			"-:... to users/assign and run qmail-newu", (char *)0);
		return 0;
	case PREFIX_UNKNOWN:
		break;
	}
	findings_add(f, FINDING_WARNING, virtual_file, e->line, "who gets mail for ", e->value,
		"-... cannot be found out now", findings_cure,
		"qmail-explain postmaster@", e->domain, " says more", (char *)0);
	return 0;
}

static void tell_postmaster(void *data, size_t line, char const *address, char const *home, address_verdict v)
{
	if (v == ADDRESS_BOUNCES)
		findings_add(data, FINDING_WARNING, virtual_file, line, "mail to ", address, " bounces", findings_cure,
			"make ", home,
			"/.qmail-postmaster or .qmail-default there", (char *)0);
}

static void check_postmaster(setup const *s, mailbox_batch *postmasters, entry const *e)
{
	stralloc address = STRALLOC_ZERO;

	if (!stralloc_cats(&address, "postmaster@") || !stralloc_cats(&address, e->domain[0] == '.' ? "any" : "")
	 || !stralloc_cats(&address, e->domain) || !stralloc_0(&address))
		postmasters->failed = 1;
	else
		mailbox_ask_later(postmasters, s, address.s, e->line);
	stralloc_free(&address);
}

/* ---- one line of virtualdomains */

/* Whether a name below .suffix is listed by itself. */
static int lists_below(setup const *s, findings *f, char const *suffix)
{
	static below few = BELOW_ZERO;
	static below more = BELOW_ZERO;
	static int made;
	size_t n = strlen(suffix);

	if (!made && (!below_make(&few, &s->rcpthosts.map) || !below_make(&more, &s->morercpthosts.map)))
		f->failed = 1;
	made = 1;
	return below_has(&few, suffix, n) || below_has(&more, suffix, n);
}

static void check_accepted(setup *s, findings *f, entry const *e)
{
	stralloc name = STRALLOC_ZERO;
	int listed;

	if (!*e->domain || !s->hosts.present)
		return;
	if (e->domain[0] != '.')
		listed = setup_accepts(s, e->domain, strlen(e->domain)) != RCPTHOSTS_NO;
	else
		listed = lists_below(s, f, e->domain)
			|| (stralloc_cats(&name, "any") && stralloc_cats(&name, e->domain)
			 && setup_accepts(s, name.s, name.len) != RCPTHOSTS_NO);
	if (!listed)
		findings_add(f, FINDING_WARNING, virtual_file, e->line, e->domain,
			" is not in control/rcpthosts, so its mail from elsewhere "
			"is refused", findings_cure, "add ", e->domain, " to control/rcpthosts", (char *)0);
	stralloc_free(&name);
}

/* Without a prefix a line is an exception to a broader one, or nothing. */
static void check_exception(setup *s, findings *f, entry const *e)
{
	stralloc address = STRALLOC_ZERO;
	rewrite_search search;
	int broader = 0;

	if (s->tables.tables.empty_is_local)
		return;
	if (stralloc_cats(&address, e->domain != e->key ? e->key : "x@")
	 && (e->domain != e->key || stralloc_cats(&address, e->key))) {
		rewrite_search_start(&search, address.s, address.len);
		while (rewrite_search_next(&search, &s->tables.tables))
			broader++;
	}
	if (broader < 2)
		findings_add(f, FINDING_WARNING, virtual_file, e->line,
			"without a prefix the mail goes elsewhere, as it would without this line", findings_cure,
			"write a prefix, or put ", e->domain, " into control/locals", (char *)0);
	stralloc_free(&address);
}

static void check_virtual(setup *s, findings *f, mailbox_batch *postmasters, entry const *e)
{
	constmap_entry const *local = constmap_find(&s->tables.tables.locals, e->domain, strlen(e->domain));
	char const *cure;

	if (pattern_problem(e->key, strlen(e->key), PATTERN_SUFFIX | PATTERN_ADDRESS | PATTERN_EMPTY, &cure)
	 || e->value[0] == ' ' || e->value[0] == '\t' || strchr(e->value, '\r'))
		return;                 /* controls_check has told */
	if (*e->domain && e->domain[0] != '.' && local) {
		findings_add(f, FINDING_ERROR, virtual_file, e->line, e->domain,
			" is in control/locals too, which comes first, so this line "
			"has no effect", findings_cure, "take it out of one of them", (char *)0);
		return;
	}
	if (!*e->value) {
		check_exception(s, f, e);
		return;
	}
	check_accepted(s, f, e);
	if (check_prefix(f, e) && *e->domain && e->domain == e->key)
		check_postmaster(s, postmasters, e);
}

static void check_virtualdomains(setup *s, findings *f)
{
	mailbox_batch postmasters = { .told = tell_postmaster, .data = f };
	char *line = s->virtualdomains.list.entries.s;
	size_t i;

	for (i = 0; i < s->virtualdomains.list.n; i++) {
		size_t n = strlen(line);
		char *colon = strchr(line, ':');
		size_t keylen = colon ? (size_t)(colon - line) : 0;
		constmap_entry const *e = colon ? constmap_find(&s->virtualdomains.map, line, keylen) : 0;

		/* of several the one that counts */
		if (e && e->index == i && setup_wants(s, line, e->keylen)) {
			stralloc key = STRALLOC_ZERO;

			if (stralloc_copyb(&key, line, e->keylen) && stralloc_0(&key)) {
				char const *at = strrchr(key.s, '@');
				entry const one = { .key = key.s, .value = colon + 1,
					.line = control_line(&s->virtualdomains.list, i),
					.domain = at ? at + 1 : key.s };

				check_virtual(s, f, &postmasters, &one);
			}
			stralloc_free(&key);
		}
		line += n + 1;
	}
	mailbox_finish(&postmasters);
	f->failed |= postmasters.failed;
}

/* ---- the other lists */

static int is_name_of_ours(char const *name)
{
	return !strchr(name, '.') || name[0] == '[' || text_caseequals(name, strlen(name), "localhost.localdomain");
}

static void check_locals(setup *s, findings *f)
{
	char const *name = s->locals.list.entries.s;
	char const *cure;
	size_t i;

	for (i = 0; i < s->locals.list.n; i++, name += strlen(name) + 1)
		if (setup_wants(s, name, strlen(name)) && !is_name_of_ours(name) && !strchr(name, '\r')
		 && s->hosts.present
		 && !pattern_problem(name, strlen(name), PATTERN_LITERAL, &cure)
		 && setup_accepts(s, name, strlen(name)) == RCPTHOSTS_NO)
			findings_add(f, FINDING_WARNING, s->locals.file, control_line(&s->locals.list, i), name,
				" is not in control/rcpthosts, so "
				"its mail from elsewhere is refused", findings_cure, "add ", name,
				" to control/rcpthosts", (char *)0);
}

static void check_percenthack(setup *s, findings *f)
{
	char const *name = s->percenthack.list.entries.s;
	size_t i;

	for (i = 0; i < s->percenthack.list.n; i++, name += strlen(name) + 1)
		if (setup_wants(s, name, strlen(name)) && setup_accepts(s, name, strlen(name)) == RCPTHOSTS_YES)
			findings_add(f, FINDING_ERROR, s->percenthack.file, control_line(&s->percenthack.list, i),
				"strangers may send to ", name,
				", and so through user%host@", name, " to everywhere", findings_cure, "take ", name,
				" out of control/percenthack", (char *)0);
}

void domains_check(setup *s, findings *f)
{
	if (!s->usable)
		return;
	check_locals(s, f);
	check_virtualdomains(s, f);
	check_percenthack(s, f);
}
