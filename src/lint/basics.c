/* SPDX-License-Identifier: ISC */

#include "basics.h"

#include <string.h>
#include <unistd.h>

#include "compiled.h"
#include "proto/compiled.h"
#include "recipient/inuse.h"
#include "recipient/otherhome.h"
#include "route/rewrite.h"

static int exists(char const *file)
{
	return access(file, F_OK) == 0;
}

static void check_names(setup const *s, findings *f)
{
	if (!exists("control/me"))
		findings_add(f, FINDING_ERROR, "control/me", 0, "is missing, so nothing knows the name of this host",
			findings_cure,
			"echo full.host.name > control/me", (char *)0);
	if (!s->locals.present && !exists(compiled_name("control/locals")))
		findings_add(f, FINDING_WARNING, "control/locals", 0,
			"is missing, so the name in control/me is the only local domain", findings_cure,
			"write the domains of which the users are those of this host", (char *)0);
}

static void check_hosts(setup const *s, findings *f)
{
	if (!s->rcpthosts.present && !exists(compiled_name("control/rcpthosts")))
		findings_add(f, FINDING_ERROR, "control/rcpthosts", 0, "is missing, so this host relays for everybody",
			findings_cure,
			"write every domain of control/locals and control/virtualdomains into it", (char *)0);
	else if (!s->rcpthosts.list.n && !exists(compiled_name("control/rcpthosts")))
		findings_add(f, FINDING_WARNING, "control/rcpthosts", 0,
			"is empty, so no mail from elsewhere is taken", findings_cure,
			"write the domains that this host takes mail for", (char *)0);
	if (!s->hosts.present && s->morercpthosts.present)
		findings_add(f, FINDING_WARNING, "control/morercpthosts", 0,
			"counts for nothing without control/rcpthosts", findings_cure,
			"write control/rcpthosts", (char *)0);
	compiled_hosts(f, &s->morercpthosts);
	compiled_lists(f);
}

/* Mail to a plain user name, as cron sends it. */
static void check_plain(setup const *s, findings *f)
{
	stralloc out = STRALLOC_ZERO;
	char const *file = s->tables.noat_file;

	if (file && rewrite_address(&s->tables.tables, &out, "root", 4) == REWRITE_REMOTE)
		findings_add(f, FINDING_WARNING, file, 1,
			"addresses without a domain go to this one, which is neither in control/locals nor in "
			"control/virtualdomains, and so to elsewhere", findings_cure, "add it to control/locals",
			(char *)0);
	stralloc_free(&out);
}

/* A scanner in the place of qmail-queue is in no home. */
static void check_home(findings *f)
{
	char home[PATH_MAX];
	otherhome which = otherhome_find(home);

	if (home[0])
		findings_add(f, FINDING_WARNING, which == OTHERHOME_QUEUE ? "queue" : "bin/qmail-queue", 0, "leads to ", home,
			", which delivers what is queued here, by its own files", findings_cure, "run the qmail-lint there",
			(char *)0);
}

static void check_inuse(findings *f)
{
	char const *file;
	inuse u;
	size_t i;

	inuse_find(&u);
	for (i = 0; (file = inuse_file(i)); i++) {
		inuse_status st = inuse_look(&u, file);

		if (st != INUSE_CURRENT)
			findings_add(f, FINDING_WARNING, file, 0, inuse_problem(st), findings_cure, inuse_cure(st), (char *)0);
	}
}

void basics_check(setup *s, findings *f)
{
	check_home(f);
	check_inuse(f);
	check_names(s, f);
	check_hosts(s, f);
	if (s->usable)
		check_plain(s, f);
}
