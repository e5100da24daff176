/* SPDX-License-Identifier: ISC */

#include "session.h"

#include <string.h>

#include "base/text.h"
#include "net/smtpcmd.h"

typedef enum
{
	USER, PASS, APOP, NOOP, QUIT, CAPA,
	UNKNOWN,
	EVENTS,
} session_event;

enum { STATES = SESSION_NAMED + 1 };

static char const *const verbs[UNKNOWN] =
{
	[USER] = "user", [PASS] = "pass", [APOP] = "apop", [NOOP] = "noop", [QUIT] = "quit", [CAPA] = "capa",
};

/* A line this long, as almost all are, is never copied: fewer places to wipe. */
enum { ROOM = 4096 };

/* One command in one state: answers it once, or gives credentials. */
typedef session_end session_action(session *s, smtpcmd_parts const *p);

static session_end reply(session *s, char const *text)
{
	conn_puts(s->conn, text);
	conn_puts(s->conn, "\r\n");
	return SESSION_GO_ON;
}

static session_end ok(session *s)
{
	return reply(s, "+OK ");
}

static session_end syntax_error(session *s)
{
	return reply(s, "-ERR syntax error");
}

static session_end out_of_memory(session *s)
{
	reply(s, "-ERR out of memory");
	conn_flush(s->conn);
	return SESSION_OVER;
}

static session_end user(session *s, smtpcmd_parts const *p)
{
	if (p->arglen == 0)
		return syntax_error(s);
	if (!stralloc_copyb(&s->name, p->arg, p->arglen))
		return out_of_memory(s);
	s->state = SESSION_NAMED;
	return ok(s);
}

/* Behind the one space all is password, other spaces, too. */
static session_end pass(session *s, smtpcmd_parts const *p)
{
	char const *secret = p->verb + p->verblen + 1;
	char const *end = p->arg + p->arglen;

	if (secret >= end)
		return syntax_error(s);
	return stralloc_copyb(&s->secret, secret, (size_t)(end - secret)) ? SESSION_CREDENTIALS : out_of_memory(s);
}

static session_end apop(session *s, smtpcmd_parts const *p)
{
	char const *space = p->arglen ? memchr(p->arg, ' ', p->arglen) : 0;
	size_t n = space ? (size_t)(space - p->arg) : 0;

	if (!space)
		return syntax_error(s);
	if (!stralloc_copyb(&s->name, p->arg, n) || !stralloc_copyb(&s->secret, space + 1, p->arglen - n - 1))
		return out_of_memory(s);
	return SESSION_CREDENTIALS;
}

static session_end need_user(session *s, smtpcmd_parts const *p)
{
	(void)p;
	return reply(s, "-ERR USER first");
}

static session_end noop(session *s, smtpcmd_parts const *p)
{
	(void)p;
	return ok(s);
}

static session_end quit(session *s, smtpcmd_parts const *p)
{
	(void)p;
	ok(s);
	conn_flush(s->conn);
	return SESSION_OVER;
}

/* Clients ask here, before they log in, for what qmail-pop3d can do, too. */
static session_end capa(session *s, smtpcmd_parts const *p)
{
	(void)p;
	reply(s, "+OK \r\nTOP\r\nUIDL\r\nPIPELINING");
	if (s->methods.pass)
		reply(s, "USER");
	return reply(s, ".");
}

static session_end unknown(session *s, smtpcmd_parts const *p)
{
	(void)p;
	return reply(s, "-ERR authorization first");
}

static session_action *const actions[STATES][EVENTS] =
{
	/*                   USER  PASS       APOP  NOOP  QUIT  CAPA  UNKNOWN */
	[SESSION_LOGIN] = { user, need_user, apop, noop, quit, capa, unknown },
	[SESSION_NAMED] = { user, pass,      apop, noop, quit, capa, unknown },
};

static int allowed(session_methods const *m, session_event e)
{
	return e == USER || e == PASS ? m->pass : e == APOP ? m->apop : e == CAPA ? m->capa : 1;
}

static session_event event_of(session_methods const *m, smtpcmd_parts const *p)
{
	session_event e = (session_event)smtpcmd_verb(p, verbs, UNKNOWN);

	return allowed(m, e) ? e : UNKNOWN;
}

static session_end obey(session *s, char const *line, size_t n)
{
	smtpcmd_parts p;

	smtpcmd_split(&p, line, n);
	return actions[s->state][event_of(&s->methods, &p)](s, &p);
}

static session_end step(session *s, smtpcmd *cmd)
{
	switch (conn_command(s->conn, cmd, conn_fill_line)) {
	case SMTPCMD_GONE:
		return SESSION_OVER;
	case SMTPCMD_LINE:
		return obey(s, cmd->line.s, cmd->line.len);
	case SMTPCMD_TOO_LONG:
		return reply(s, "-ERR line too long");
	case SMTPCMD_NOMEM:
		return out_of_memory(s);
	default:
		return SESSION_GO_ON;
	}
}

void session_choose(session_methods *m, char const *pop3auth)
{
	char const *s = pop3auth ? pop3auth : "";
	int only_apop = text_caseequals(s, strlen(s), "apop");
	int with_apop = text_caseequals(s, strlen(s), "+apop");

	m->pass = !only_apop;
	m->apop = !pop3auth || only_apop || with_apop;
	m->capa = pop3auth != 0;
}

session_end session_run(session *s)
{
	smtpcmd cmd = SMTPCMD_ZERO;
	session_end end = SESSION_GO_ON;

	conn_within(s->conn, SESSION_SECONDS);
	conn_puts(s->conn, "+OK ");
	reply(s, s->methods.apop ? s->challenge : "");
	if (!stralloc_ready(&cmd.line, ROOM) || !stralloc_ready(&s->secret, ROOM))
		end = out_of_memory(s);
	while (end == SESSION_GO_ON)
		end = step(s, &cmd);
	if (cmd.line.s)
		explicit_bzero(cmd.line.s, cmd.line.a);
	stralloc_free(&cmd.line);
	return end;
}

void session_wipe(session *s)
{
	if (s->secret.s)
		explicit_bzero(s->secret.s, s->secret.a);
	explicit_bzero(s->conn->inbuf, sizeof s->conn->inbuf);
	stralloc_free(&s->secret);
	stralloc_free(&s->name);
}
