/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/sig.h>
#include <skalibs/stralloc.h>
#include <skalibs/types.h>

#include "base/conf.h"
#include "base/fds.h"
#include "base/io.h"
#include "base/sandbox.h"
#include "client.h"
#include "connect.h"
#include "identity.h"
#include "keep.h"
#include "net/ipme.h"
#include "net/nearer.h"
#include "report.h"
#include "route.h"
#include "settings.h"

char const *PROG = "qmail-remote";

/* What a message comes with, as arguments or as a request. */
enum { HOST, SENDER, RECIPIENTS };
enum
{
	HOSTS_MAX = 10,                 /* that may turn us away before we take that for an answer */
	KEPT_PATIENCE = 30,             /* for the reply to MAIL in a session that was kept: a new one may be faster */
	PATIENCE = 300,                 /* seconds for a greeting where another host could be asked (RFC 5321 4.5.3.2) */
};

static char const nomem[] = "ZOut of memory. (#4.3.0)";
static char const noresources[] = "ZSystem resources temporarily unavailable. (#4.3.0)";

/* Everything this program has to say goes to descriptor 1; its exit status is always 0. */
static int finish(char const *text)
{
	report_message(text);
	report_flush();
	return 0;
}

/* null, or what is wrong with the line of control/domainips about the sender. */
static int finish_bad_identity(identity const *id, char const *wrong)
{
	char number[SIZE_FMT];

	number[size_fmt(number, id->line)] = 0;
	report_puts("ZI can't use line ");
	report_puts(number);
	report_puts(" of control/domainips: ");
	report_puts(wrong);
	return finish("; write pattern:address|helohost. (#4.3.5)");
}

static int finish_bad_line(route const *r, char const *wrong)
{
	char number[SIZE_FMT];

	number[size_fmt(number, r->line)] = 0;
	report_puts("ZI can't use line ");
	report_puts(number);
	report_puts(" of control/smtproutes: ");
	report_puts(wrong);
	return finish("; write domain:relay or domain:relay:port. (#4.3.5)");
}

/* The name comes from a recipient's address: no blanks and controls of its own in our text. */
static int finish_no_host(char const *host)
{
	report_puts("DSorry, I couldn't find any host named ");
	for (; *host; host++)
		report_put(*host < 33 || *host > 126 ? "?" : host, 1);
	return finish(". (#5.1.2)");
}

static int finish_unfound(route const *r, dns_status status)
{
	if (r->status == SMTPROUTES_BADRELAY)
		return finish_bad_line(r, "its relay can be no host");
	if (r->status == SMTPROUTES_BADPORT)
		return finish_bad_line(r, "its port is no number up to 65535");
	if (r->status == SMTPROUTES_NOCOLON)
		return finish_bad_line(r, "no colon follows its domain");
	switch (status) {
	case DNS_NOHOST:
		return finish_no_host(r->host);
	case DNS_NOADDRESS:
		return finish("DSorry, I couldn't find a mail exchanger or IP address. (#5.4.4)");
	case DNS_NOMEM:
		return finish(nomem);
	case DNS_SOFT:
	case DNS_FOUND:
	default:
		return finish("ZSorry, I couldn't find any host by that name. (#4.1.2)");
	}
}

static int addresses_ok(char const *const *addresses)
{
	for (; *addresses; addresses++)
		if (!client_address_ok(*addresses))
			return 0;
	return 1;
}

/* What to add to refusals by a relay that was to be told a password; null if there was none. */
static char const *login_note(route const *r)
{
	static stralloc note = STRALLOC_ZERO;
	char number[SIZE_FMT];

	if (!r->login)
		return 0;
	if (!stralloc_copys(&note, "Line ")
	 || !stralloc_catb(&note, number, size_fmt(number, r->line))
	 || !stralloc_cats(&note, " of control/smtproutes names a user and a password, but I don't log in.\n")
	 || !stralloc_0(&note))
		return "";
	return note.s;
}

static void finish_unconnected(settings const *s)
{
	report_puts("ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n");
	report_puts(s->note.s);
	report_end();
	report_flush();
}

/* Another message over the session that stands. 1 if it stands still. What cannot be done is not reported: a new
 * process will find out how it is. */
static int deliver_another(client_job *job, settings const *first, identity const *from, route const *r, kept_request const *q)
{
	settings s = SETTINGS_ZERO;
	identity own = IDENTITY_ZERO;
	int kept = 0;

	if (settings_load(&s) == CONTROL_READ && s.helohost.len == first->helohost.len
	 && !memcmp(s.helohost.s, first->helohost.s, s.helohost.len) && route_is(r, &s, q->args[HOST]) && addresses_ok(q->args + SENDER)
	 && identity_load(&own, q->args[SENDER]) == IDENTITY_OK && identity_same(&own, from)) {
		job->sender = q->args[SENDER];
		job->recipients = q->args + RECIPIENTS;
		job->n = q->n - RECIPIENTS;
		job->timeout = s.timeoutremote;
		job->patience = s.timeoutremote < KEPT_PATIENCE ? s.timeoutremote : KEPT_PATIENCE;
		job->note = s.note.s;
		client_limit(job);
		kept = client_again(job) == CLIENT_KEPT;
	} else {
		client_quit();
	}
	settings_free(&s);
	identity_free(&own);
	return kept;
}

static void deliver_others(client_job *job, settings const *s, identity const *from, route const *r)
{
	kept_request q = KEPT_REQUEST_ZERO;
	unsigned int seconds = job->keep;
	tain until;
	unsigned int n;

	io_deadline(&until, KEEP_SESSION_SECONDS);
	for (n = 1; n < KEEP_MESSAGES; n++) {
		job->keep = n + 1 < KEEP_MESSAGES;
		if (!keep_wait(&q, job->fd, seconds, &until)) {
			client_quit();
			break;
		}
		if (!deliver_another(job, s, from, r, &q))
			break;
	}
	kept_free(&q);
}

/* One address after another, until one lets us say what we came for. Then we may stay for so many seconds. Returns
 * whether nobody took a connection, which says nothing about the next message. */
static int deliver(settings const *s, identity const *from, route const *r, char const *const *args, size_t nargs, size_t usable,
	unsigned int keep)
{
	char ip[IP_FMT];
	ip_address to;
	connect_search search = { .a = r->list.a, .n = usable, .next = 0, .port = r->port, .from = from, .timeout = s->timeoutconnect,
		.until = tain_infinite };
	client_job job = {
		.message = 0, .ip = ip, .helohost = from->helohost.len ? &from->helohost : &s->helohost,
		.sender = args[SENDER], .recipients = args + RECIPIENTS, .n = nargs - RECIPIENTS, .timeout = s->timeoutremote, .note = s->note.s, .unsure = login_note(r),
		.keep = keep,
	};
	unsigned int said;

	for (said = 0; said < HOSTS_MAX; said++) {
		client_result result;

		job.fd = connect_next(&search, &to);
		if (job.fd < 0)
			break;
		ip_format(ip, &to);
		if (said == 0) {
			client_limit(&job);
			search.until = job.end;
		}
		/* The last one is waited for as long as the admin wants. */
		job.patience = s->timeoutremote;
		if (search.next < search.n && said + 1 < HOSTS_MAX && job.patience > PATIENCE)
			job.patience = PATIENCE;
		report_drop();
		result = client_deliver(&job);
		if (result == CLIENT_KEPT) {
			deliver_others(&job, s, from, r);
			return 0;
		}
		close(job.fd);
		if (result == CLIENT_OVER)
			return 0;
	}
	if (said == 0 && errno)
		return finish(noresources);
	if (said == 0)
		return finish_unconnected(s), 1;
	/* What the last host said. */
	report_flush();
	return 0;
}

/* A message from its control files on. args are the host, the sender and the recipients; returns as deliver does. */
static int attempt(settings const *s, char const *const *args, size_t nargs, unsigned int keep)
{
	static route r;
	static ipme me = IPME_ZERO;
	static identity from = IDENTITY_ZERO;
	identity_status known;
	dns_status status;
	size_t usable;

	if (!addresses_ok(args + SENDER))
		return finish("DSorry, I can't send an address with a line break in it. (#5.1.3)");
	known = identity_load(&from, args[SENDER]);
	if (known == IDENTITY_ERROR)
		return finish(errno == ENOMEM ? nomem : "ZUnable to read control files. (#4.3.0)");
	if (known != IDENTITY_OK)
		return finish_bad_identity(&from, identity_problem(known));
	status = route_find(&r, s, args[HOST]);
	if (status != DNS_FOUND)
		return finish_unfound(&r, status);
	if (!r.relay && !ipme_load(&me))
		return finish(noresources);
	usable = nearer_usable(&r.list, &me, r.relay);
	if (usable == 0)
		return finish("DSorry. Although I'm listed as a best-preference MX or A for that host,\n"
			"it isn't in my control/locals file, so I don't treat it as local. (#5.4.6)");
	return deliver(s, &from, &r, args, nargs, usable, keep);
}

/* Others after one that met nobody. They are asked for like those of a session, but nothing of the last attempt
 * counts for the next: all that is saved is the start of a process, of which a host that is down would take
 * one for each message that waits for it. */
static void attempt_others(settings *s, unsigned int keep)
{
	kept_request q = KEPT_REQUEST_ZERO;
	int unmet = 1;
	tain until;
	unsigned int n;

	io_deadline(&until, KEEP_SESSION_SECONDS);
	for (n = 1; unmet && n < KEEP_MESSAGES && keep_wait(&q, -1, keep, &until); n++) {
		settings_free(s);
		if (settings_load(s) != CONTROL_READ)
			break;
		unmet = attempt(s, q.args, q.n, keep);
	}
	kept_free(&q);
}

/* Descriptors, directory and control files; null, or what to report. */
static char const *prepare(settings *s)
{
	int const message = fcntl(0, F_GETFD) >= 0;
	control_status loaded;

	sig_ignore(SIGPIPE);
	if (!fds_sane(2) || !io_start())
		return noresources;
	if (chdir(conf_home) < 0)
		return "ZUnable to switch to home directory. (#4.3.0)";
	/* Descriptor 0 is /dev/null by now, and what we would deliver is an empty message. */
	if (!message)
		return "ZUnable to read message. (#4.3.0)";
	loaded = settings_load(s);
	if (loaded == CONTROL_READ)
		return sandbox_enter(SANDBOX_REMOTE) ? 0 : noresources;
	return loaded == CONTROL_ERROR && errno == ENOMEM ? nomem : "ZUnable to read control files. (#4.3.0)";
}

int main(int argc, char const *const *argv)
{
	static settings s = SETTINGS_ZERO;
	unsigned int const keep = keep_offered();
	char const *problem;

	if (argc <= 1 + RECIPIENTS)
		return finish("DI (qmail-remote) was invoked improperly. (#5.3.5)");
	problem = prepare(&s);
	if (problem)
		return finish(problem);
	if (attempt(&s, argv + 1, (size_t)argc - 1, keep) && keep)
		attempt_others(&s, keep);
	return 0;
}
