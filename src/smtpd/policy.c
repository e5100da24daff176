/* SPDX-License-Identifier: ISC */

#include "policy.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/control.h"

static char const MORERCPTHOSTS[] = "control/morercpthosts.cdb";

enum { TIMEOUT_DEFAULT = 1200 };

/* A note that does not fit in memory is not worth a message. */
static void note(policy *p, char const *file, char const *what, char const *cure)
{
	size_t len = p->notes.len;

	if (!stralloc_cats(&p->notes, file) || !stralloc_cats(&p->notes, ": ") || !stralloc_cats(&p->notes, what)
	 || !stralloc_cats(&p->notes, "; ") || !stralloc_cats(&p->notes, cure) || !stralloc_cats(&p->notes, "\n"))
		p->notes.len = len;
}

static int note_unreadable(policy *p, char const *file)
{
	note(p, file, strerror(errno), "mail waits at its senders (421) until user qmaild can read it");
	return 0;
}

typedef enum { NUMBER_NONE, NUMBER_TRAILED, NUMBER_CLEAN } number_form;

/* The digits that s[0..n) starts with; what is over 64 bits counts as the most there is. */
static number_form scan_number(uint64_t *value, char const *s, size_t n)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n && s[i] >= '0' && s[i] <= '9'; i++) {
		unsigned int digit = (unsigned int)(s[i] - '0');

		v = v > (UINT64_MAX - digit) / 10 ? UINT64_MAX : v * 10 + digit;
	}
	if (i == 0)
		return NUMBER_NONE;
	*value = v;
	return i < n ? NUMBER_TRAILED : NUMBER_CLEAN;
}

/* cure says what holds instead and what to write. */
static void take_number(policy *p, uint64_t *value, char const *where, char const *s, size_t n, char const *cure)
{
	number_form form = scan_number(value, s, n);

	if (form == NUMBER_NONE)
		note(p, where, "not a number", cure);
	if (form == NUMBER_TRAILED)
		note(p, where, "text behind the number", "it is not looked at; remove it");
}

static int load_number(policy *p, uint64_t *value, char const *file, char const *where, char const *cure)
{
	stralloc sa = STRALLOC_ZERO;
	control_status status = control_readline(&sa, file);

	if (status == CONTROL_READ)
		take_number(p, value, where, sa.s, sa.len, cure);
	stralloc_free(&sa);
	return status != CONTROL_ERROR || note_unreadable(p, file);
}

static int load_databytes(policy *p)
{
	static char const cure[] = "messages of any size are taken; write the limit in bytes, 0 for none";
	char const *env = getenv("DATABYTES");

	if (!env)
		return load_number(p, &p->databytes, "control/databytes", "control/databytes: line 1", cure);
	take_number(p, &p->databytes, "variable DATABYTES", env, strlen(env), cure);
	return 1;
}

static int load_timeout(policy *p)
{
	uint64_t seconds = TIMEOUT_DEFAULT;

	if (!load_number(p, &seconds, "control/timeoutsmtpd", "control/timeoutsmtpd: line 1",
	    "clients get 1200 seconds; write a number of seconds"))
		return 0;
	p->timeout = seconds > INT_MAX ? INT_MAX : (unsigned int)seconds;
	if (p->timeout == 0)
		p->timeout = 1;
	return 1;
}

/* An entry with one of the bytes in bad is a slip of the pen; told of the first, the admin sees them all. */
static void note_useless(policy *p, control_list const *l, char const *file, char const *bad,
	char const *what, char const *cure)
{
	char const *s = l->entries.s;
	char where[128];
	size_t i;

	for (i = 0; i < l->n; i++, s += strlen(s) + 1)
		if (strpbrk(s, bad)) {
			snprintf(where, sizeof where, "%s: line %zu", file, control_line(l, i));
			note(p, where, what, cure);
			return;
		}
}

static int load_list(policy *p, constmap *m, control_list *l, char const *file, int *present)
{
	control_status status = control_readlist(l, file, 0);

	*present = status == CONTROL_READ;
	if (status == CONTROL_ERROR || !constmap_set(m, l))
		return note_unreadable(p, file);
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
		note(p, from, "line 1 is empty", "clients are greeted without a name; write this host's name there");
	if (status == CONTROL_READ && p->greeting.len && memchr(p->greeting.s, '\r', p->greeting.len))
		note(p, from, "CR in line 1", "clients see it in each reply; the lines of the file must end in LF alone");
	if (status == CONTROL_ABSENT)
		note(p, from, "there is no such file", "mail waits at its senders (421) until it has this host's name");
	if (status == CONTROL_READ) {
		status = load_name(&me, &p->localiphost, "control/localiphost", &from);
		p->have_localiphost = status == CONTROL_READ;
		if (status == CONTROL_ABSENT)
			status = CONTROL_READ;
	}
	stralloc_free(&me);
	return status == CONTROL_READ || (status == CONTROL_ERROR && note_unreadable(p, from));
}

/* The file is mapped when a recipient needs it; that it is there is settled now. */
static int load_rcpthosts(policy *p)
{
	if (!load_list(p, &p->rcpthosts, &p->rcpthosts_list, "control/rcpthosts", &p->have_rcpthosts))
		return 0;
	if (!p->have_rcpthosts)
		return 1;
	note_useless(p, &p->rcpthosts_list, "control/rcpthosts", "@ \t\r", "no host is called that",
		"mail for that host is refused; write the domain alone, without @, blanks and CR");
	p->cdb_fd = openc_read(MORERCPTHOSTS);
	return p->cdb_fd >= 0 || errno == ENOENT || note_unreadable(p, MORERCPTHOSTS);
}

static int load_badmailfrom(policy *p)
{
	int present;

	if (!load_list(p, &p->badmailfrom, &p->badmailfrom_list, "control/badmailfrom", &present))
		return 0;
	note_useless(p, &p->badmailfrom_list, "control/badmailfrom", "\r", "no sender is called that",
		"the sender meant is let in; the lines of the file must end in LF alone");
	return 1;
}

int policy_load(policy *p)
{
	p->relayclient = getenv("RELAYCLIENT");
	return load_names(p) && load_timeout(p) && load_rcpthosts(p) && load_badmailfrom(p) && load_databytes(p);
}

static void note_damaged(policy *p)
{
	note(p, MORERCPTHOSTS, strerror(errno), "mail waits at its senders (421); make it anew with qmail-newmrh");
}

/* A damaged file must never read as "not listed": that would bounce mail that is ours. */
static rcpthosts_status find_more(void *data, char const *key, size_t n)
{
	policy *p = data;
	int r;

	if (!p->cdb_ready) {
		if (cdb_init(&p->cdb, p->cdb_fd) < 0) {
			note_damaged(p);
			return RCPTHOSTS_ERROR;
		}
		p->cdb_ready = 1;
	}
	r = cdb_find(&p->cdb, key, (unsigned int)n);
	if (r < 0)
		note_damaged(p);
	return r < 0 ? RCPTHOSTS_ERROR : r > 0 ? RCPTHOSTS_YES : RCPTHOSTS_NO;
}

int policy_recipient(policy *p, char const *recipient, size_t n)
{
	if (!p->have_rcpthosts)
		return 1;
	return rcpthosts_allows(&p->rcpthosts, p->cdb_fd >= 0 ? find_more : 0, p, recipient, n);
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
		note(p, "own addresses", strerror(errno), "mail to address literals waits at its senders");
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
	if (p->cdb_ready)
		cdb_free(&p->cdb);
	if (p->cdb_fd >= 0)
		fd_close(p->cdb_fd);
	constmap_free(&p->rcpthosts);
	constmap_free(&p->badmailfrom);
	control_list_free(&p->rcpthosts_list);
	control_list_free(&p->badmailfrom_list);
	stralloc_free(&p->greeting);
	stralloc_free(&p->localiphost);
	stralloc_free(&p->me.v4);
	stralloc_free(&p->me.v6);
	stralloc_free(&p->notes);
}
