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

enum { TIMEOUT_DEFAULT = 1200 };

static int load_databytes(policy *p)
{
	return setting_override(&p->notes, &p->databytes, "DATABYTES", getenv("DATABYTES"), "control/databytes",
		"messages of any size are taken; write the limit in bytes, 0 for none");
}

static int load_timeout(policy *p)
{
	uint64_t seconds = TIMEOUT_DEFAULT;

	if (!setting_number(&p->notes, &seconds, "control/timeoutsmtpd",
	    "clients get 1200 seconds; write a number of seconds"))
		return 0;
	p->timeout = seconds > INT_MAX ? INT_MAX : (unsigned int)seconds;
	if (p->timeout == 0)
		p->timeout = 1;
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
	return load_names(p) && load_timeout(p) && hosts_load(&p->hosts, &p->notes) && load_badmailfrom(p) && load_databytes(p);
}

int policy_recipient(policy *p, char const *recipient, size_t n)
{
	rcpthosts_status status;

	if (!p->hosts.present)
		return 1;
	status = rcpthosts_allows(&p->hosts.few, hosts_more, &p->hosts, recipient, n);
	if (status == RCPTHOSTS_ERROR)
		hosts_damaged(&p->notes);
	return status;
}

int policy_badmailfrom(policy const *p, char const *sender, size_t n)
{
	return rcpthosts_badmailfrom(&p->badmailfrom, sender, n);
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
