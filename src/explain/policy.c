/* SPDX-License-Identifier: ISC */

#include "policy.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/constmap.h"
#include "net/identity.h"
#include "route/pattern.h"

static char const queues_file[] = "control/queueroutes";
static char const lifetimes_file[] = "control/queuelifetimes";
static char const concurrency_file[] = "control/concurrencydomains";
static char const source_file[] = "control/domainips";

typedef struct policy
{
	char const *file;
	steps_stage stage;
	control_list list;
	constmap map;
} policy;

static void drop(policy *p)
{
	constmap_free(&p->map);
	control_list_free(&p->list);
}

/* 1: it is there; 0: it is not; -1: it cannot be read, which has been told. */
static int load(steps *s, policy *p)
{
	control_status st = control_readlist(&p->list, p->file, 0);

	if (st != CONTROL_ERROR && constmap_map(&p->map, &p->list, ':'))
		return st == CONTROL_READ;
	steps_add(s, p->stage, STEP_UNKNOWN, p->file, 0, "cannot be read: ", strerror(errno), (char *)0);
	return -1;
}

static void tell_line(steps *s, policy const *p, steps_verdict v, constmap_entry const *e, char const *why)
{
	steps_begin(s, p->stage, v, p->file, control_line(&p->list, e->index));
	steps_bytes(s, e->key, e->keylen);
	steps_text(s, ":");
	steps_bytes(s, e->value, e->valuelen);
	steps_text(s, why);
	steps_end(s);
}

static void tell_none(steps *s, policy const *p, char const *address, size_t n)
{
	steps_begin(s, p->stage, STEP_PASSED, p->file, 0);
	steps_text(s, n ? "no line for " : "no line for a sender without a domain");
	steps_bytes(s, address, n);
	steps_end(s);
}

/* ---- qmail-queue-route's */

static void tell_queue(steps *s, policy const *p, constmap_entry const *e)
{
	if (!e->valuelen || strcmp(e->value, "bin/qmail-queue") == 0)
		tell_line(s, p, STEP_TAKEN, e, "");
	else
		tell_line(s, p, STEP_WARNING, e,
			" queues the mail of this sender that goes through qmail-queue-route: another home may deliver it, by its own files");
}

void policy_queue(steps *s, char const *sender)
{
	policy p = { .file = queues_file, .stage = STAGE_QUEUEROUTES };
	constmap_entry const *e;
	size_t index;

	if (load(s, &p) > 0)
		switch (pattern_choose(&e, &index, &p.list, &p.map, sender, strlen(sender), 0)) {
		case PATTERN_FOUND:
			tell_queue(s, &p, e);
			break;
		case PATTERN_NOCOLON:
			steps_add(s, p.stage, STEP_WARNING, p.file, control_line(&p.list, index),
				"no colon, so mail of this sender that goes through qmail-queue-route waits: write pattern:program",
				(char *)0);
			break;
		case PATTERN_NOTHING:
			tell_none(s, &p, sender, strlen(sender));
		}
	drop(&p);
}

/* ---- qmail-send's */

static void tell_number(steps *s, policy const *p, char const *name, char const *address, size_t n)
{
	constmap_entry const *e = pattern_find(&p->map, address, n);
	unsigned int value;

	if (!e) {
		tell_none(s, p, address, n);
	} else if (control_number(&value, e->value, e->valuelen) != CONTROL_READ) {
		tell_line(s, p, STEP_WARNING, e, " is no number, so this line counts for nothing");
	} else {
		tell_line(s, p, STEP_TAKEN, e, "");
		steps_count(s, name, value);
	}
}

void policy_explain(steps *s, char const *sender, char const *recipient, size_t n)
{
	policy lifetimes = { .file = lifetimes_file, .stage = STAGE_LIFETIME };
	policy concurrency = { .file = concurrency_file, .stage = STAGE_CONCURRENCY };
	size_t senderlen = strlen(sender);

	if (load(s, &lifetimes) > 0) {
		if (pattern_sender(sender, &senderlen))
			tell_number(s, &lifetimes, "lifetime", sender, senderlen);
		else
			tell_none(s, &lifetimes, "", 0);
	}
	if (load(s, &concurrency) > 0)
		tell_number(s, &concurrency, "concurrency", recipient, n);
	drop(&lifetimes);
	drop(&concurrency);
}

/* ---- qmail-remote's */

static int mistaken(steps *s, policy const *p, size_t line, identity_status st)
{
	steps_add(s, p->stage, STEP_REFUSED, p->file, line, identity_problem(st), (char *)0);
	steps_conclude(s, RESULT_WAITS, "a line of control/domainips cannot be used");
	return 0;
}

static int tell_source(steps *s, policy const *p, constmap_entry const *e)
{
	identity id = IDENTITY_ZERO;
	identity_status st = identity_parse(&id, e->value, e->valuelen);
	size_t addresses = strcspn(e->value, "|");

	if (st == IDENTITY_OK && !identity_ours(&id))
		st = IDENTITY_NOTOURS;
	if (st == IDENTITY_ERROR)
		s->failed = 1;
	tell_line(s, p, STEP_TAKEN, e, "");
	if (st == IDENTITY_OK && addresses)
		steps_fact(s, "source", e->value, addresses);
	if (st == IDENTITY_OK && id.helohost.len)
		steps_fact(s, "helohost", id.helohost.s, id.helohost.len);
	identity_free(&id);
	return st == IDENTITY_OK || mistaken(s, p, control_line(&p->list, e->index), st);
}

static int choose_source(steps *s, policy const *p, char const *sender)
{
	constmap_entry const *e;
	size_t index;

	switch (pattern_choose(&e, &index, &p->list, &p->map, sender, strlen(sender), 1)) {
	case PATTERN_FOUND:
		return tell_source(s, p, e);
	case PATTERN_NOCOLON:
		return mistaken(s, p, control_line(&p->list, index), IDENTITY_NOCOLON);
	case PATTERN_NOTHING:
		break;
	}
	tell_none(s, p, sender, strlen(sender));
	return 1;
}

int policy_source(steps *s, char const *sender)
{
	policy p = { .file = source_file, .stage = STAGE_DOMAINIPS };
	int found = load(s, &p);
	int ok = found == 0 || (found > 0 && choose_source(s, &p, sender));

	if (found < 0)
		steps_conclude(s, geteuid() == 0 ? RESULT_WAITS : RESULT_UNKNOWN, "Unable to read control files. (#4.3.0)");
	drop(&p);
	return ok;
}
