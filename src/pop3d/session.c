/* SPDX-License-Identifier: ISC */

#include "session.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/stralloc.h>
#include <skalibs/types.h>

#include "net/smtpcmd.h"
#include "number.h"
#include "wire.h"

typedef enum
{
	STAT, LIST, UIDL, RETR, TOP, DELE, LAST, RSET, NOOP, QUIT, CAPA,
	UNKNOWN,
	EVENTS,
} session_event;

static char const *const verbs[UNKNOWN] =
{
	[STAT] = "stat", [LIST] = "list", [UIDL] = "uidl", [RETR] = "retr", [TOP] = "top", [DELE] = "dele",
	[LAST] = "last", [RSET] = "rset", [NOOP] = "noop", [QUIT] = "quit", [CAPA] = "capa",
};

enum { CHUNK = 32768 };

/* How a command ends. */
typedef enum { GO_ON, OVER } session_end;

/* One command: answers it once. */
typedef session_end session_action(session *s, char const *arg, size_t n);

static session_end reply(session *s, char const *text)
{
	conn_puts(s->conn, text);
	conn_puts(s->conn, "\r\n");
	return GO_ON;
}

static void put_number(session *s, uint64_t n)
{
	char fmt[UINT64_FMT];

	conn_put(s->conn, fmt, uint64_fmt(fmt, n));
}

/* ---- which message */

/* The message whose number arg[0..n) starts with; *used is the number's length. Behind it there may be a blank and
 * more, if more, or anything at all where clients of qmail are to find what they have always met. Null, with an
 * answer given, if there is none. */
static maildir_message *choose(session *s, char const *arg, size_t n, int more, size_t *used)
{
	char const *trouble;
	size_t number;

	*used = number_scan(arg, n, &number);
	if (*used == 0 || (s->capa && *used < n && !(more && arg[*used] == ' ')))
		trouble = "-ERR syntax error";
	else if (number == 0)
		trouble = "-ERR messages are counted from 1";
	else if (number > s->maildir->n)
		trouble = "-ERR not that many messages";
	else if (s->maildir->messages[number - 1].deleted)
		trouble = "-ERR already deleted";
	else
		return s->maildir->messages + number - 1;
	reply(s, trouble);
	return 0;
}

static size_t number_of(session const *s, maildir_message const *x)
{
	return (size_t)(x - s->maildir->messages) + 1;
}

/* ---- commands that tell of messages */

static session_end stat_all(session *s, char const *arg, size_t n)
{
	maildir_message const *x = s->maildir->messages;
	maildir_message const *end = x + s->maildir->n;
	uint64_t bytes = 0;
	size_t count = 0;

	(void)arg;
	(void)n;
	for (; x < end; x++)
		if (!x->deleted) {
			count++;
			bytes += x->size;
		}
	conn_puts(s->conn, "+OK ");
	put_number(s, count);
	conn_puts(s->conn, " ");
	put_number(s, bytes);
	return reply(s, "");
}

typedef void describer(session *s, maildir_message const *x);

static void put_size(session *s, maildir_message const *x)
{
	put_number(s, x->size);
}

/* A file name may hold anything; a reply line holds no line end. */
static void put_uid(session *s, maildir_message const *x)
{
	size_t n;
	char const *uid = maildir_uid(x, &n);
	size_t i;

	for (i = 0; i < n; i++)
		conn_put(s->conn, uid[i] == '\r' || uid[i] == '\n' ? "_" : uid + i, 1);
}

static void put_line(session *s, maildir_message const *x, describer *describe)
{
	put_number(s, number_of(s, x));
	conn_puts(s->conn, " ");
	describe(s, x);
	reply(s, "");
}

static session_end put_all(session *s, describer *describe)
{
	size_t i;

	reply(s, "+OK ");
	for (i = 0; i < s->maildir->n; i++)
		if (!s->maildir->messages[i].deleted)
			put_line(s, s->maildir->messages + i, describe);
	return reply(s, ".");
}

static session_end put_one(session *s, char const *arg, size_t n, describer *describe)
{
	size_t used;
	maildir_message const *x = choose(s, arg, n, 0, &used);

	if (x) {
		conn_puts(s->conn, "+OK ");
		put_line(s, x, describe);
	}
	return GO_ON;
}

static session_end list(session *s, char const *arg, size_t n)
{
	return n == 0 ? put_all(s, put_size) : put_one(s, arg, n, put_size);
}

static session_end uidl(session *s, char const *arg, size_t n)
{
	return n == 0 ? put_all(s, put_uid) : put_one(s, arg, n, put_uid);
}

static session_end last(session *s, char const *arg, size_t n)
{
	(void)arg;
	(void)n;
	conn_puts(s->conn, "+OK ");
	put_number(s, s->last);
	return reply(s, "");
}

/* ---- message text */

/* Once the text has begun there is no way to say that it cannot be read on; but a reply without its final
 * dot is never taken for the whole. */
static session_end put_text(session *s, int fd, size_t lines)
{
	char in[CHUNK];
	char out[WIRE_ROOM(CHUNK)];
	wire w;

	wire_start(&w, lines);
	while (w.part != WIRE_ENOUGH) {
		ssize_t r = fd_read(fd, in, sizeof in);

		if (r < 0 || s->conn->broken)
			return OVER;
		if (r == 0)
			break;
		conn_put(s->conn, out, wire_feed(&w, in, (size_t)r, out));
	}
	conn_put(s->conn, out, wire_end(&w, out));
	return GO_ON;
}

/* A number: all of it. A second number: so many lines of the body. */
static session_end text(session *s, char const *arg, size_t n, int more)
{
	size_t used;
	size_t digits;
	size_t lines;
	maildir_message *x = choose(s, arg, n, more, &used);
	session_end end;
	int fd;

	if (!x)
		return GO_ON;
	while (used < n && arg[used] == ' ')
		used++;
	digits = number_scan(arg + used, n - used, &lines);
	if (s->capa && used + digits < n)
		return reply(s, "-ERR syntax error");
	if (digits == 0)
		lines = SIZE_MAX;
	fd = maildir_open(x);
	if (fd < 0)
		return reply(s, "-ERR unable to open that message");
	reply(s, "+OK ");
	end = put_text(s, fd, lines);
	close(fd);
	return end;
}

static session_end retr(session *s, char const *arg, size_t n)
{
	return text(s, arg, n, 0);
}

static session_end top(session *s, char const *arg, size_t n)
{
	return text(s, arg, n, 1);
}

/* ---- commands that change something */

static session_end dele(session *s, char const *arg, size_t n)
{
	size_t used;
	maildir_message *x = choose(s, arg, n, 0, &used);

	if (!x)
		return GO_ON;
	x->deleted = 1;
	if (number_of(s, x) > s->last)
		s->last = number_of(s, x);
	return reply(s, "+OK ");
}

static session_end rset(session *s, char const *arg, size_t n)
{
	size_t i;

	(void)arg;
	(void)n;
	for (i = 0; i < s->maildir->n; i++)
		s->maildir->messages[i].deleted = 0;
	s->last = 0;
	return reply(s, "+OK ");
}

static session_end quit(session *s, char const *arg, size_t n)
{
	size_t i;

	(void)arg;
	(void)n;
	for (i = 0; i < s->maildir->n; i++) {
		maildir_message *x = s->maildir->messages + i;

		if (!x->deleted)
			maildir_keep(x);
		else if (!maildir_remove(x))
			reply(s, "-ERR unable to unlink all deleted messages");
	}
	reply(s, "+OK ");
	conn_flush(s->conn);
	return OVER;
}

static session_end noop(session *s, char const *arg, size_t n)
{
	(void)arg;
	(void)n;
	return reply(s, "+OK ");
}

static session_end unknown(session *s, char const *arg, size_t n)
{
	(void)arg;
	(void)n;
	return reply(s, "-ERR unimplemented");
}

static session_end capa(session *s, char const *arg, size_t n)
{
	if (!s->capa)
		return unknown(s, arg, n);
	return reply(s, "+OK \r\nTOP\r\nUIDL\r\nPIPELINING\r\n.");
}

/* ---- the conversation */

static session_action *const actions[EVENTS] =
{
	[STAT] = stat_all, [LIST] = list, [UIDL] = uidl, [RETR] = retr, [TOP] = top, [DELE] = dele,
	[LAST] = last, [RSET] = rset, [NOOP] = noop, [QUIT] = quit, [CAPA] = capa, [UNKNOWN] = unknown,
};

static session_end obey(session *s, char const *line, size_t n)
{
	smtpcmd_parts p;

	smtpcmd_split(&p, line, n);
	while (p.arglen > 0 && p.arg[p.arglen - 1] == ' ')
		p.arglen--;
	return actions[smtpcmd_verb(&p, verbs, UNKNOWN)](s, p.arg, p.arglen);
}

static session_end step(session *s, smtpcmd *cmd)
{
	switch (conn_command(s->conn, cmd, conn_fill)) {
	case SMTPCMD_GONE:
		return OVER;
	case SMTPCMD_LINE:
		return obey(s, cmd->line.s, cmd->line.len);
	case SMTPCMD_TOO_LONG:
		return reply(s, "-ERR line too long");
	case SMTPCMD_NOMEM:
		reply(s, "-ERR out of memory");
		conn_flush(s->conn);
		return OVER;
	default:
		return GO_ON;
	}
}

void session_run(session *s)
{
	smtpcmd cmd = SMTPCMD_ZERO;

	conn_within(s->conn, SESSION_SECONDS);
	reply(s, "+OK ");
	while (step(s, &cmd) == GO_ON)
		;
	stralloc_free(&cmd.line);
}
