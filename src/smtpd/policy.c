/* SPDX-License-Identifier: ISC */

#include "policy.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/control.h"
#include "base/notes.h"
#include "base/setting.h"
#include "route/rcpthosts.h"

enum { TIMEOUT_DEFAULT = 1200, SESSION_DEFAULT = 12 * 3600 };

static int load_databytes(policy *p)
{
	return setting_override(&p->notes, &p->databytes, "DATABYTES", getenv("DATABYTES"), "control/databytes",
		"messages of any size are taken; write the limit in bytes, 0 for none");
}

static int load_seconds(policy *p, unsigned int *value, char const *file, unsigned int standard, char const *cure)
{
	uint64_t seconds = standard;

	if (!setting_number(&p->notes, &seconds, file, cure))
		return 0;
	*value = seconds > INT_MAX ? INT_MAX : seconds == 0 ? 1 : (unsigned int)seconds;
	return 1;
}

static int load_timeouts(policy *p)
{
	return load_seconds(p, &p->timeout, "control/timeoutsmtpd", TIMEOUT_DEFAULT,
		"clients get 1200 seconds; write a number of seconds")
	 && load_seconds(p, &p->session_seconds, "control/timeoutsession", SESSION_DEFAULT,
		"clients get 43200 seconds; write a number of seconds");
}

/* Patched qmails have two names for the file, and a variable that takes the limit away. */
static int load_recipients(policy *p)
{
	static char const cure[] = "a message may have any number of recipients; write the limit, 0 for none";

	if (!setting_number(&p->notes, &p->recipients, "control/maxrcpt", cure)
	 || !setting_override(&p->notes, &p->recipients, "MAXRECIPIENTS", getenv("MAXRECIPIENTS"), "control/maxrecipients", cure))
		return 0;
	if (getenv("DISABLE_MAXRCPT"))
		p->recipients = 0;
	return 1;
}

static int load_bare_cr(policy *p)
{
	uint64_t value = 0;

	if (!setting_override(&p->notes, &value, "REJECTBARECR", getenv("REJECTBARECR"), "control/rejectbarecr",
	    "a CR without LF is taken as part of the message; write 1 to refuse it, 0 to take it"))
		return 0;
	p->reject_bare_cr = value != 0;
	return 1;
}

/* The first line of file into *sa, or of control/me, which *from then names. */
static control_status load_name(stralloc *me, stralloc *sa, char const *file, char const **from)
{
	control_status status = control_readline(sa, file);

	*from = file;
	if (status != CONTROL_ABSENT)
		return status;
	*from = "control/me";
	/* It stands in for two files and is read once. */
	status = me->s ? CONTROL_READ : control_readline(me, *from);
	if (status == CONTROL_READ && (!stralloc_ready(me, 1) || !stralloc_copy(sa, me)))
		status = CONTROL_ERROR;
	return status;
}

static int load_names(policy *p)
{
	stralloc me = STRALLOC_ZERO;
	char const *from;
	control_status status = load_name(&me, &p->greeting, "control/smtpgreeting", &from);

	if (status == CONTROL_READ && p->greeting.len == 0)
		notes_add(&p->notes, from, "line 1 is empty", "clients are greeted without a name; write this host's name there");
	if (status == CONTROL_READ && p->greeting.len && memchr(p->greeting.s, '\r', p->greeting.len))
		notes_add(&p->notes, from, "CR in line 1", "clients see it in each reply; the lines of the file must end in LF alone");
	if (status == CONTROL_ABSENT)
		notes_add(&p->notes, from, "there is no such file", "mail waits at its senders until it has this host's name");
	if (status == CONTROL_READ) {
		status = load_name(&me, &p->localiphost, "control/localiphost", &from);
		p->have_localiphost = status == CONTROL_READ;
		if (status == CONTROL_ABSENT)
			status = CONTROL_READ;
	}
	stralloc_free(&me);
	return status == CONTROL_READ || (status == CONTROL_ERROR && notes_unreadable(&p->notes, from));
}

static int load_badmailfrom(policy *p)
{
	int present;

	if (!setting_list(&p->notes, &p->badmailfrom_list, &p->badmailfrom, &present, "control/badmailfrom"))
		return 0;
	setting_useless(&p->notes, &p->badmailfrom_list, "control/badmailfrom", "\r", "no sender is called that",
		"the sender meant is let in; the lines of the file must end in LF alone");
	return 1;
}

int policy_load(policy *p)
{
	p->relayclient = getenv("RELAYCLIENT");
	return load_names(p) && load_timeouts(p) && hosts_load(&p->hosts, &p->notes) && load_badmailfrom(p)
	 && load_databytes(p) && load_recipients(p) && load_bare_cr(p);
}

int policy_recipient(policy *p, char const *recipient, size_t n)
{
	rcpthosts_status status;

	if (!p->hosts.present)
		return 1;
	status = rcpthosts_allows(&p->hosts.few, hosts_more, &p->hosts, recipient, n);
	if (status == RCPTHOSTS_ERROR)
		hosts_damaged(&p->hosts);
	return status;
}

int policy_badmailfrom(policy const *p, char const *sender, size_t n)
{
	return rcpthosts_badmailfrom(&p->badmailfrom, sender, n);
}

int policy_patient(policy *p, uint64_t unknown)
{
	if (!p->unknown_ready)
		(void)setting_override(&p->notes, &p->unknown, "BRTLIMIT", getenv("BRTLIMIT"), "control/brtlimit",
			"a client may try any number of unknown recipients; write the limit, 0 for none");
	p->unknown_ready = 1;
	return p->unknown == 0 || unknown <= p->unknown;
}

int policy_localise(policy *p, address *a)
{
	unsigned char ip[4];

	if (!p->have_localiphost || !address_literal(a, ip))
		return a->len <= ADDRESS_MAX;
	if (!p->me_ready && !ipme_load(&p->me)) {
		notes_add(&p->notes, "own addresses", strerror(errno), "mail to address literals waits at its senders");
		return -1;
	}
	p->me_ready = 1;
	if (ipme_has(&p->me, ip, sizeof ip)
	 && address_set_host(a, p->localiphost.s, p->localiphost.len) != ADDRESS_OK)
		return 0;
	return a->len <= ADDRESS_MAX;
}

void policy_free(policy *p)
{
	hosts_free(&p->hosts);
	constmap_free(&p->badmailfrom);
	control_list_free(&p->badmailfrom_list);
	stralloc_free(&p->greeting);
	stralloc_free(&p->localiphost);
	stralloc_free(&p->me.v4);
	stralloc_free(&p->me.v6);
	stralloc_free(&p->notes);
}
