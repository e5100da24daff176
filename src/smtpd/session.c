/* SPDX-License-Identifier: ISC */

#include "session.h"

#include <string.h>

#include "data.h"
#include "mail/address.h"
#include "net/smtpcmd.h"

typedef enum
{
	HELO, EHLO, MAIL, RCPT, DATA, RSET, NOOP, VRFY, HELP, QUIT,
	UNKNOWN,
	EVENTS,
} session_event;

enum { STATES = SESSION_RCPTED + 1 };

static char const *const verbs[UNKNOWN] =
{
	[HELO] = "helo", [EHLO] = "ehlo", [MAIL] = "mail", [RCPT] = "rcpt", [DATA] = "data",
	[RSET] = "rset", [NOOP] = "noop", [VRFY] = "vrfy", [HELP] = "help", [QUIT] = "quit",
};

/* What an HTTP request starts with. */
enum { METHODS = 9 };
static char const *const methods[METHODS] =
{
	"get", "head", "post", "put", "delete", "connect", "options", "trace", "patch",
};

/* One command in one state: answers it once. Its argument is in s->arg. */
typedef session_end session_action(session *s);

static session_end reply(session *s, char const *text)
{
	conn_puts(s->conn, text);
	conn_puts(s->conn, "\r\n");
	return SESSION_GO_ON;
}

static session_end give_up(session *s, char const *text)
{
	reply(s, text);
	conn_flush(s->conn);
	return SESSION_BROKEN;
}

static session_end out_of_memory(session *s)
{
	return give_up(s, "421 out of memory (#4.3.0)");
}

/* The one way back to where there is no transaction. */
static void reset(session *s)
{
	s->state = SESSION_GREETED;
	s->unwanted = 0;
	s->sender.len = 0;
	s->recipients.len = 0;
	s->recipients_n = 0;
}

static void reply_greeting(session *s, char const *before, char const *after)
{
	conn_puts(s->conn, before);
	conn_put(s->conn, s->policy->greeting.s, s->policy->greeting.len);
	conn_puts(s->conn, after);
}

static int remember_helo(session *s)
{
	reset(s);
	s->have_helo = stralloc_copyb(&s->helo, s->arg, s->arglen) && stralloc_0(&s->helo);
	return s->have_helo;
}

static session_end helo(session *s)
{
	if (!remember_helo(s))
		return out_of_memory(s);
	reply_greeting(s, "250 ", "\r\n");
	return SESSION_GO_ON;
}

static session_end ehlo(session *s)
{
	if (!remember_helo(s))
		return out_of_memory(s);
	reply_greeting(s, "250-", "\r\n250-PIPELINING\r\n250 8BITMIME\r\n");
	return SESSION_GO_ON;
}

typedef enum { PATH_OK, PATH_BAD, PATH_UNKNOWN } path_status;

static path_status read_path(session *s, address *a)
{
	int r;

	if (address_parse(a, s->arg, s->arglen) != ADDRESS_OK)
		return PATH_BAD;
	r = policy_localise(s->policy, a);
	return r < 0 ? PATH_UNKNOWN : r ? PATH_OK : PATH_BAD;
}

static session_end refuse_path(session *s, path_status status)
{
	if (status == PATH_UNKNOWN)
		return give_up(s, "421 unable to figure out my IP addresses (#4.3.0)");
	return reply(s, "555 syntax error (#5.5.4)");
}

/* What a client says of a message before it sends it (RFC 1870), line ends counted as two bytes. We store one,
 * so a message that just fits is refused if its client names a size; but we do not ask for one. */
static int too_large(session *s, address const *a)
{
	uint64_t limit = s->policy->databytes;

	return limit && smtpcmd_size(s->arg + a->end, s->arglen - a->end) > limit;
}

/* A path that is refused leaves the transaction before it as it was, as qmail does. A message that is refused
 * does not: the recipients that a client sends behind it are not for the one before. */
static session_end mail(session *s)
{
	address a;
	path_status status = read_path(s, &a);

	if (status != PATH_OK)
		return refuse_path(s, status);
	reset(s);
	if (too_large(s, &a))
		return reply(s, "552 sorry, that message size exceeds my databytes limit (#5.3.4)");
	if (!stralloc_copyb(&s->sender, a.s, a.len))
		return out_of_memory(s);
	s->unwanted = policy_badmailfrom(s->policy, a.s, a.len);
	s->state = SESSION_MAILED;
	return reply(s, "250 ok");
}

/* A recipient that nobody knows, or that cannot be looked at now. Who guesses addresses is let go after as many as the
 * admin grants him; 421 announces that we hang up. */
static session_end refuse_recipient(session *s, char const *text, int unknown)
{
	if (unknown && !policy_patient(s->policy, ++s->unknown))
		text = "421 too many unknown recipients (#4.7.0)";
	return strncmp(text, "421", 3) == 0 ? give_up(s, text) : reply(s, text);
}

/* The last recipient, which is not ended yet: null if there is somebody, else the reply. */
static char const *check_recipient(session *s, size_t start, int *unknown)
{
	recipient_case const r = {
		.address = s->recipients.s + start, .n = s->recipients.len - start,
		.sender = s->sender.s, .sender_n = s->sender.len,
		.helo = s->have_helo ? s->helo.s : "", .relay = s->policy->relayclient != 0, .notes = &s->policy->notes,
	};

	return recipient_check(&s->checks, &r, unknown);
}

static session_end add_recipient(session *s, address const *a)
{
	stralloc *to = &s->recipients;
	char const *suffix = s->policy->relayclient ? s->policy->relayclient : "";
	size_t n = strlen(suffix);
	size_t more = a->len + n + 1;
	size_t start = to->len;
	char const *refusal;
	int unknown;

	if (more > SESSION_RECIPIENTS_MAX || to->len > SESSION_RECIPIENTS_MAX - more
	 || (s->policy->recipients && s->recipients_n >= s->policy->recipients))
		return reply(s, "452 too many recipients (#4.5.3)");
	if (!stralloc_readyplus(to, more))
		return out_of_memory(s);
	stralloc_catb(to, a->s, a->len);
	stralloc_catb(to, suffix, n);
	refusal = check_recipient(s, start, &unknown);
	if (refusal) {
		to->len = start;
		return refuse_recipient(s, refusal, unknown);
	}
	stralloc_0(to);
	s->recipients_n++;
	s->state = SESSION_RCPTED;
	return reply(s, "250 ok");
}

static session_end rcpt(session *s)
{
	address a;
	path_status status = read_path(s, &a);
	int allowed;

	if (status != PATH_OK)
		return refuse_path(s, status);
	if (s->unwanted)
		return reply(s, "553 sorry, your envelope sender is in my badmailfrom list (#5.7.1)");
	allowed = s->policy->relayclient ? 1 : policy_recipient(s->policy, a.s, a.len);
	if (allowed < 0)
		return give_up(s, "421 unable to read controls (#4.3.0)");
	if (!allowed)
		return reply(s, "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)");
	return add_recipient(s, &a);
}

/* Every recipient is <>. qmail says 250 to that one; beside others it is queued, and bounces. */
static int for_nobody(session const *s)
{
	return s->recipients.len == s->recipients_n;
}

static session_end data(session *s)
{
	session_end end;

	if (for_nobody(s))
		return reply(s, "554 no recipient, <> is nobody (#5.1.3)");
	end = data_receive(s);
	reset(s);
	conn_within(s->conn, s->policy->session_seconds);
	return end;
}

static session_end need_mail(session *s)
{
	return reply(s, "503 MAIL first (#5.5.1)");
}

static session_end need_rcpt(session *s)
{
	return reply(s, "503 RCPT first (#5.5.1)");
}

static session_end rset(session *s)
{
	reset(s);
	return reply(s, "250 flushed");
}

static session_end noop(session *s)
{
	return reply(s, "250 ok");
}

static session_end vrfy(session *s)
{
	return reply(s, "252 send some mail, i'll try my best");
}

static session_end help(session *s)
{
	return reply(s, "214 HELO EHLO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT: RFC 5321");
}

static session_end quit(session *s)
{
	reply_greeting(s, "221 ", "\r\n");
	conn_flush(s->conn);
	return SESSION_BYE;
}

/* A line that is no command. A browser can be made to send us what its user never meant to say: its request
 * and headers are such lines, and come before anything that is not. */
static session_end junk(session *s, char const *text)
{
	if (s->web)
		return give_up(s, "421 this is no web server (#4.7.0)");
	if (++s->junk > SESSION_JUNK_MAX)
		return give_up(s, "421 too many unknown commands (#4.7.0)");
	return reply(s, text);
}

static session_end unknown(session *s)
{
	return junk(s, "502 unimplemented (#5.5.1)");
}

static session_action *const actions[STATES][EVENTS] =
{
	/*                     HELO  EHLO  MAIL  RCPT       DATA       RSET  NOOP  VRFY  HELP  QUIT  UNKNOWN */
	[SESSION_GREETED] = { helo, ehlo, mail, need_mail, need_mail, rset, noop, vrfy, help, quit, unknown },
	[SESSION_MAILED]  = { helo, ehlo, mail, rcpt,      need_rcpt, rset, noop, vrfy, help, quit, unknown },
	[SESSION_RCPTED]  = { helo, ehlo, mail, rcpt,      data,      rset, noop, vrfy, help, quit, unknown },
};

static session_end obey(session *s, char const *line, size_t n)
{
	smtpcmd_parts p;
	session_end end;
	int web;

	smtpcmd_split(&p, line, n);
	s->arg = p.arg;
	s->arglen = p.arglen;
	web = smtpcmd_verb(&p, methods, METHODS) < METHODS;
	end = actions[s->state][smtpcmd_verb(&p, verbs, UNKNOWN)](s);
	s->web |= web;
	return end;
}

/* The next piece of input, up to the end of a command, and that command if it is one. */
static session_end step(session *s, smtpcmd *cmd)
{
	switch (conn_command(s->conn, cmd, conn_fill)) {
	case SMTPCMD_GONE:
		return SESSION_BROKEN;
	case SMTPCMD_LINE:
		if (cmd->has_nul)
			return junk(s, "500 NUL in command (#5.5.2)");
		return obey(s, cmd->line.s, cmd->line.len);
	case SMTPCMD_TOO_LONG:
		return junk(s, "500 line too long (#5.5.2)");
	case SMTPCMD_NOMEM:
		return out_of_memory(s);
	default:
		return SESSION_GO_ON;
	}
}

int session_run(session *s)
{
	smtpcmd cmd = SMTPCMD_ZERO;
	session_end end;

	s->conn->farewell = "451 timeout (#4.4.2)\r\n";
	conn_within(s->conn, s->policy->session_seconds);
	reply_greeting(s, "220 ", " ESMTP\r\n");
	do
		end = step(s, &cmd);
	while (end == SESSION_GO_ON);
	stralloc_free(&cmd.line);
	return end == SESSION_BYE ? 0 : 1;
}

void session_free(session *s)
{
	stralloc_free(&s->helo);
	stralloc_free(&s->sender);
	stralloc_free(&s->recipients);
	recipient_free(&s->checks);
}
