/* SPDX-License-Identifier: ISC */

#include "values.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <skalibs/types.h>

#include "base/control.h"
#include "net/identity.h"
#include "proto/spawn.h"
#include "route/smtproutes.h"

enum { HOUR = 3600 };

typedef struct place
{
	findings *f;
	char const *path;
	size_t line;
} place;

static void error(place const *p, char const *what, char const *cure)
{
	findings_add(p->f, FINDING_ERROR, p->path, p->line, what, findings_cure, cure, (char *)0);
}

static void warning(place const *p, char const *what, char const *cure)
{
	findings_add(p->f, FINDING_WARNING, p->path, p->line, what, findings_cure, cure, (char *)0);
}

static void check_route(place const *p, char const *value)
{
	smtproutes_route route;

	switch (smtproutes_parse(&route, value, strlen(value))) {
	case SMTPROUTES_BADRELAY:
		error(p, "the relay can be no host name, so mail waits", "write domain:relay or domain:relay:port");
		break;
	case SMTPROUTES_BADPORT:
		error(p, "the port is no number, so mail waits", "write domain:relay:port");
		break;
	case SMTPROUTES_NONE:
	case SMTPROUTES_RELAY:
	case SMTPROUTES_NOCOLON:
		break;
	}
}

static void check_identity(place const *p, char const *value)
{
	identity id = IDENTITY_ZERO;
	identity_status st = identity_parse(&id, value, strlen(value));

	if (st == IDENTITY_OK && !identity_ours(&id))
		st = IDENTITY_NOTOURS;
	if (st == IDENTITY_ERROR)
		p->f->failed = 1;
	else if (st != IDENTITY_OK)
		findings_add(p->f, FINDING_ERROR, p->path, p->line, identity_problem(st),
			", so mail of these senders waits", findings_cure,
			"write pattern:address|name", (char *)0);
	identity_free(&id);
}

/* Whoever sends mail becomes this program; it gets no arguments. */
static void check_queue(place const *p, char const *program)
{
	struct stat st;
	char const *wrong = 0;

	if (!*program)
		return;
	if (stat(program, &st) < 0)
		wrong = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		wrong = "not a file";
	else if (!(st.st_mode & S_IXOTH))
		wrong = "not everybody can run it";
	if (wrong)
		findings_add(p->f, FINDING_ERROR, p->path, p->line, program, " cannot be run, ", wrong,
			", so mail of these senders waits", findings_cure, "write pattern:program, without arguments",
			(char *)0);
}

/* 0: it is none, which has been told. */
static int take_number(place const *p, unsigned int *n, char const *value)
{
	if (control_number(n, value, strlen(value)) == CONTROL_BAD)
		return error(p, "no number behind the colon, so this line counts for nothing",
			"write digits alone there"), 0;
	if (value[strspn(value, "0123456789")])
		warning(p, "only the digits it starts with are read, there are no units", "write digits alone");
	return 1;
}

static void check_lifetime(place const *p, char const *value)
{
	unsigned int seconds;

	if (take_number(p, &seconds, value) && seconds < HOUR)
		warning(p, "mail is returned before a server that is down for an hour is back", "write more seconds");
}

static void check_concurrency(place const *p, char const *value)
{
	char most[UINT_FMT];
	unsigned int n;

	most[uint_fmt(most, SPAWN_MOST)] = 0;
	if (!take_number(p, &n, value))
		return;
	if (n == 0)
		warning(p, "0 holds all mail of this kind in the queue",
			"write how many deliveries there may be at once");
	if (n >= SPAWN_MOST)
		findings_add(p->f, FINDING_WARNING, p->path, p->line, "there are never so many deliveries at once",
			findings_cure,
			"write a number below ", most, ", or remove the line", (char *)0);
}

static struct { char const *name; void (*check)(place const *p, char const *value); int waits; } const checks[] =
{
	{ "concurrencydomains", check_concurrency, 0 }, { "domainips", check_identity, 1 }, { "queuelifetimes",
		check_lifetime, 0 },
	{ "queueroutes", check_queue, 1 }, { "smtproutes", check_route, 1 },
};
enum { CHECKS = sizeof checks / sizeof *checks };

void values_check(findings *f, char const *name, char const *path, size_t line, char const *value)
{
	place const p = { .f = f, .path = path, .line = line };
	size_t i;

	for (i = 0; i < CHECKS; i++)
		if (strcmp(checks[i].name, name) == 0)
			checks[i].check(&p, value);
}

char const *values_lost(char const *name)
{
	size_t i;

	for (i = 0; i < CHECKS; i++)
		if (checks[i].waits && strcmp(checks[i].name, name) == 0)
			return "no colon, so mail that this line was meant for waits";
	return "no colon, so this line counts for nothing";
}
