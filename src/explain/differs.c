/* SPDX-License-Identifier: ISC */

#include "differs.h"

#include "recipient/otherhome.h"

static struct { char const *file; steps_stage stage; } const read_by_send[] = {
	{ "control/envnoathost", STAGE_ENVNOATHOST },
	{ "control/percenthack", STAGE_PERCENTHACK },
	{ "control/locals", STAGE_LOCALS },
	{ "control/locals.cdb", STAGE_LOCALS },
	{ "control/virtualdomains", STAGE_VIRTUALDOMAINS },
	{ "control/virtualdomains.cdb", STAGE_VIRTUALDOMAINS },
	{ "control/emptyprefixlocal", STAGE_VIRTUALDOMAINS },
	{ "control/queuelifetimes", STAGE_LIFETIME },
	{ "control/concurrencydomains", STAGE_CONCURRENCY },
};

static void tell_home(steps *s)
{
	char home[PATH_MAX];
	otherhome which = otherhome_find(home);
	char const *file = which == OTHERHOME_QUEUE ? "queue" : "bin/qmail-queue";

	if (which == OTHERHOME_NONE)
		return;
	if (home[0])
		steps_add(s, STAGE_ELSEWHERE, STEP_WARNING, file, 0, "leads to ", home,
			", which delivers what is queued here, by its own files: ask the qmail-explain there", (char *)0);
	else
		steps_add(s, STAGE_ELSEWHERE, STEP_WARNING, file, 0,
			"leads to a program of no home: what it makes of mail is not known here", (char *)0);
}

void differs_explain(steps *s, inuse const *u)
{
	size_t i;

	tell_home(s);
	for (i = 0; i < sizeof read_by_send / sizeof *read_by_send; i++) {
		inuse_status st = inuse_look(u, read_by_send[i].file);

		if (st != INUSE_CURRENT)
			steps_add(s, read_by_send[i].stage, STEP_WARNING, read_by_send[i].file, 0, inuse_problem(st), ": ",
				inuse_cure(st), (char *)0);
	}
}
