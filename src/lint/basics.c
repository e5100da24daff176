/* SPDX-License-Identifier: ISC */

#include "basics.h"

#include <string.h>
#include <unistd.h>

#include "compiled.h"
#include "proto/compiled.h"
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

void basics_check(setup *s, findings *f)
{
	check_names(s, f);
	check_hosts(s, f);
	if (s->usable)
		check_plain(s, f);
}
