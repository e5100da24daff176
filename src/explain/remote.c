/* SPDX-License-Identifier: ISC */

#include "remote.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/constmap.h"
#include "base/io.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "become.h"
#include "net/dns.h"
#include "net/ipme.h"
#include "net/nearer.h"
#include "policy.h"
#include "proto/tcpto.h"
#include "route/smtproutes.h"
#include "route/suffix.h"

/* Name servers that are down take long to give up. */
enum { SECONDS = 600 };

static char const routes_file[] = "control/smtproutes";
static char const tcpto_file[] = "queue/lock/tcpto";

typedef struct destination
{
	char const *sender;
	char const *recipient;
	char const *host;
	control_list lines;
	constmap routes;
	smtproutes_route found;
	smtproutes_status status;
} destination;

/* ---- control/smtproutes */

static int load(steps *s, destination *d)
{
	stralloc helohost = STRALLOC_ZERO;
	control_status st = control_readdefault(&helohost, "control/helohost", 1, 0);
	char const *file = "control/helohost";

	stralloc_free(&helohost);
	if (st == CONTROL_ABSENT)
		errno = ENOENT;
	if (st == CONTROL_READ) {
		file = routes_file;
		if (control_readlist(&d->lines, routes_file, 0) != CONTROL_ERROR && constmap_map(&d->routes, &d->lines, ':'))
			return 1;
	}
	steps_add(s, STAGE_SMTPROUTES, STEP_UNKNOWN, file, 0, "cannot be read: ", strerror(errno), (char *)0);
	steps_conclude(s, geteuid() == 0 ? RESULT_WAITS : RESULT_UNKNOWN, "Unable to read control files. (#4.3.0)");
	return 0;
}

/* The text of an entry, password and all but what follows the bar. */
static void tell_entry(steps *s, destination const *d, steps_verdict v, constmap_entry const *e, char const *why)
{
	size_t n = text_rchr(e->value, e->valuelen, '|');
	char const *bar = e->valuelen ? memchr(e->value, '|', e->valuelen) : 0;

	if (bar)
		n = (size_t)(bar - e->value);
	steps_begin(s, STAGE_SMTPROUTES, v, routes_file, control_line(&d->lines, e->index));
	steps_bytes(s, e->key, e->keylen);
	steps_text(s, ":");
	steps_bytes(s, e->value, n);
	if (bar)
		steps_text(s, "|(user and password, which are not used)");
	steps_text(s, why);
	steps_end(s);
}

static char const *mistake(smtproutes_status st)
{
	switch (st) {
	case SMTPROUTES_BADRELAY:
		return "its relay can be no host; write domain:relay or domain:relay:port";
	case SMTPROUTES_BADPORT:
		return "its port is no number up to 65535; write domain:relay or domain:relay:port";
	case SMTPROUTES_NOCOLON:
		return "no colon follows its domain; write domain:relay or domain:relay:port";
	case SMTPROUTES_NONE:
	case SMTPROUTES_RELAY:
		break;
	}
	return 0;
}

static int tell_routes(steps *s, destination *d)
{
	suffix_search search;
	constmap_entry const *e;
	char const *wrong;
	int first = 1;

	d->status = smtproutes_find(&d->found, &d->lines, &d->routes, d->host, strlen(d->host));
	if (d->status == SMTPROUTES_RELAY && ip_misspelt(d->found.relay, d->found.relaylen))
		d->status = SMTPROUTES_BADRELAY;
	suffix_start(&search, d->host, strlen(d->host), 1);
	while ((e = suffix_next(&search, &d->routes))) {
		tell_entry(s, d, first && d->status != SMTPROUTES_NOCOLON ? STEP_TAKEN : STEP_BEATEN, e,
			first && d->status == SMTPROUTES_NONE ? " (no relay: the exchangers)" : "");
		first = 0;
	}
	wrong = mistake(d->status);
	if (wrong) {
		steps_add(s, STAGE_SMTPROUTES, STEP_REFUSED, routes_file, control_line(&d->lines, d->found.index), wrong,
			(char *)0);
		steps_conclude(s, RESULT_WAITS, "a line of control/smtproutes cannot be used");
		return 0;
	}
	if (first)
		steps_add(s, STAGE_SMTPROUTES, STEP_PASSED, routes_file, 0, "no line for ", d->host, (char *)0);
	return 1;
}

/* ---- hosts */

static void unfound(steps *s, steps_stage stage, char const *host, dns_status st)
{
	static struct { char const *what, *why; steps_result result; } const words[] = {
		[DNS_NOHOST] = { "there is no such host", "Sorry, I couldn't find any host by that name. (#5.1.2)", RESULT_NOBODY },
		[DNS_NOADDRESS] = { "has no address", "Sorry, I couldn't find a mail exchanger or IP address. (#5.4.4)", RESULT_NOBODY },
		[DNS_SOFT] = { "no name server can tell now", "Sorry, I couldn't find any host by that name. (#4.1.2)", RESULT_WAITS },
		[DNS_NOMEM] = { "out of memory", "Out of memory. (#4.3.0)", RESULT_UNKNOWN },
	};

	steps_add(s, stage, words[st].result == RESULT_NOBODY ? STEP_REFUSED : STEP_UNKNOWN, 0, 0, host, ": ", words[st].what,
		(char *)0);
	steps_conclude(s, words[st].result, words[st].why);
}

static void tell_exchangers(steps *s, dns_exchangers const *x, char const *host)
{
	size_t i;

	if (x->n == 0)
		steps_add(s, STAGE_MX, STEP_PASSED, 0, 0, host, " has no exchangers: its own addresses", (char *)0);
	for (i = 0; i < x->n; i++) {
		steps_begin(s, STAGE_MX, STEP_NOTE, 0, 0);
		steps_number(s, x->x[i].preference);
		steps_text(s, " ");
		steps_text(s, x->x[i].name[0] ? x->x[i].name : ". (takes no mail)");
		steps_end(s);
	}
}

static int tell_address(steps *s, dns_address const *a, char const *name, unsigned int port, int usable)
{
	char ip[IP_FMT];
	int listed = usable && tcpto_check(tcpto_file, a->ip.bytes, a->ip.len) == TCPTO_SKIP;

	ip_format(ip, &a->ip);
	steps_begin(s, STAGE_HOST, !usable ? STEP_PASSED : listed ? STEP_WARNING : STEP_TAKEN, listed ? tcpto_file : 0, 0);
	steps_text(s, ip);
	steps_text(s, " port ");
	steps_number(s, port);
	if (name)
		steps_text(s, ", "), steps_text(s, name);
	if (!usable)
		steps_text(s, ": no nearer than this host");
	if (listed)
		steps_text(s, ": left out for now, it did not answer lately");
	steps_end(s);
	return usable && !listed;
}

static void tell_addresses(steps *s, dns_list const *l, dns_exchangers const *x, char const *host, unsigned int port,
	int relay)
{
	ipme me = IPME_ZERO;
	size_t usable;
	size_t open = 0;
	size_t i;

	if (!relay && !ipme_load(&me)) {
		steps_conclude(s, RESULT_UNKNOWN, "this host's addresses cannot be found out");
		return;
	}
	usable = nearer_usable(l, &me, relay);
	for (i = 0; i < l->n; i++) {
		char const *name = x ? dns_exchanger_of(x, &l->a[i]) : host;

		open += (size_t)tell_address(s, &l->a[i], name ? name : host, port, i < usable);
	}
	ipme_free(&me);
	if (usable == 0)
		steps_conclude(s, RESULT_NOBODY,
			"this host is the best exchanger, but the domain is neither in locals nor in virtualdomains (#5.4.6)");
	else if (open == 0)
		steps_conclude(s, RESULT_WAITS, "Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)");
	else
		steps_conclude(s, RESULT_DELIVERABLE, "to the hosts above, as far as this host can tell");
}

static void by_relay(steps *s, destination *d)
{
	static dns_list l;
	stralloc name = STRALLOC_ZERO;
	dns_status st;

	steps_fact(s, "relay", d->found.relay, d->found.relaylen);
	steps_count(s, "port", d->found.port);
	if (!stralloc_catb(&name, d->found.relay, d->found.relaylen) || !stralloc_0(&name)) {
		s->failed = 1;
		return;
	}
	st = dns_addresses(&l, name.s);
	if (st == DNS_FOUND)
		tell_addresses(s, &l, 0, name.s, d->found.port, 1);
	else
		unfound(s, STAGE_HOST, name.s, st);
	stralloc_free(&name);
}

static void by_exchangers(steps *s, destination *d)
{
	static dns_list l;
	static dns_exchangers x;
	dns_status st = dns_explain(&l, &x, d->host);

	if (st == DNS_FOUND || x.n > 0)
		tell_exchangers(s, &x, d->host);
	if (st == DNS_FOUND)
		tell_addresses(s, &l, &x, d->host, 25, 0);
	else
		unfound(s, STAGE_MX, d->host, st);
}

/* ---- all of it, as qmailr */

static void look_out(steps *s, void *data)
{
	destination *d = data;

	if (strpbrk(d->recipient, "\r\n") || strpbrk(d->sender, "\r\n")) {
		steps_add(s, STAGE_RECIPIENT, STEP_REFUSED, 0, 0, "a line break in an address", (char *)0);
		steps_conclude(s, RESULT_NOBODY, "Sorry, I can't send an address with a line break in it. (#5.1.3)");
		return;
	}
	if (!load(s, d) || !policy_source(s, d->sender))
		return;
	if (!io_start() || !sandbox_enter(SANDBOX_REMOTE)) {
		steps_conclude(s, RESULT_UNKNOWN, "System resources temporarily unavailable. (#4.3.0)");
		return;
	}
	if (!tell_routes(s, d))
		return;
	if (d->status == SMTPROUTES_RELAY)
		by_relay(s, d);
	else
		by_exchangers(s, d);
}

void remote_explain(steps *s, char const *sender, char const *recipient)
{
	destination d = { .sender = sender, .recipient = recipient, .lines = CONTROL_LIST_ZERO, .routes = CONSTMAP_ZERO };
	uid_t uid = 0;
	gid_t gid = 0;

	d.host = recipient + text_rchr(recipient, strlen(recipient), '@') + 1;
	if (conf_uid(CONF_QMAILR, &uid) && conf_gid(CONF_QMAIL, &gid) && become_run(s, uid, gid, SECONDS, look_out, &d))
		return;
	steps_add(s, STAGE_HOST, STEP_UNKNOWN, 0, 0, "could not be looked for as qmailr: ", strerror(errno), (char *)0);
	steps_conclude(s, RESULT_UNKNOWN, "the hosts could not be looked for");
}
