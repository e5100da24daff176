/* SPDX-License-Identifier: ISC */

#include "client.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "mail/crowded.h"
#include "mail/eod_out.h"
#include "mail/quote.h"
#include "net/smtpreply.h"
#include "report.h"

enum
{
	BLOCK = 65536,                  /* of the message, read and sent at once */
	ROUNDS = 10,                    /* replies that may each take the whole timeout, besides recipients' */
	BYTES_PER_SECOND = 1000,        /* slower than this a message may not be taken from us */
	PIPE_SECONDS = 86400,           /* for a message whose size we cannot know */
	QUIT_SECONDS = 5,
	CROWD = 5,                      /* recipients in a row that are too many: then the rest is too */
};

typedef enum
{
	GOES_ON,
	OVER,                   /* reported; say QUIT */
	GIVEN_UP,               /* reported; the exchange cannot be ended properly */
	DROPPED,                /* the connection is gone */
	NOMEM,
} progress;

/* What the reports say when a step fails. */
typedef struct step
{
	unsigned int from;      /* codes that will do */
	unsigned int to;
	int mild;               /* any other is a refusal for now */
	char const *before;     /* the address of the other side */
	char const *after;
} step;

static step const greeting_step = { 220, 220, 1, "Connected to ", " but greeting failed." };
static step const helo_step = { 250, 250, 1, "Connected to ", " but my name was rejected." };
/* From here on a code of another class than the one asked for is no answer to our command: the two sides are
 * out of step. Nothing but 2xx takes the message off our hands, and to a server that says 2xx to DATA the
 * lines of the message would be commands. */
static step const mail_step = { 200, 299, 0, "Connected to ", " but sender was rejected." };
static step const rcpt_step = { 200, 299, 0, "", " does not like recipient." };
static step const data_step = { 300, 399, 0, "", " failed on DATA command." };
static step const dot_step = { 200, 299, 0, "", " failed after I sent the message." };
static step const success = { 0, 0, 0, "", " accepted message." };

typedef struct session
{
	client_job const *job;
	smtpreply reply;
	char in[4096];                  /* in[pos..len) is read but not used */
	size_t pos;
	size_t len;
	stralloc command;
	size_t accepted;                /* recipients */
	unsigned int crowded;           /* recipients since then that were too many */
	int again;                      /* not the first message of this session */
	int taken;                      /* the other side has the message */
	int committed;                  /* the other side takes mail: what it says from here on concerns this message */
	int critical;                   /* between the final dot and its reply */
} session;

static tain const *deadline(session const *s, tain *d)
{
	io_deadline(d, s->committed ? s->job->timeout : s->job->patience);
	return io_sooner(d, &s->job->end);
}

static int send_bytes(session *s, char const *bytes, size_t n)
{
	tain d;

	return io_write(s->job->fd, bytes, n, deadline(s, &d));
}

/* The whole reply has one deadline: a server that trickles gains nothing by it. */
static int read_reply(session *s)
{
	smtpreply_status status = SMTPREPLY_MORE;
	tain d;
	tain const *until = deadline(s, &d);

	smtpreply_start(&s->reply);
	while (status == SMTPREPLY_MORE) {
		if (s->pos == s->len) {
			ssize_t r = io_read(s->job->fd, s->in, sizeof s->in, until);

			if (r <= 0)
				return 0;
			s->pos = 0;
			s->len = (size_t)r;
		}
		status = smtpreply_feed(&s->reply, s->in, s->len, &s->pos);
	}
	return status == SMTPREPLY_DONE;
}

/* ---- reports ---------------------------------------------------------------------------------------- */

static void report_reply(session const *s, char letter, step const *t)
{
	report_put(&letter, 1);
	report_puts(t->before);
	report_puts(s->job->ip);
	report_puts(t->after);
	report_puts("\n");
	if (t != &success && s->job->unsure)
		report_puts(s->job->unsure);
	report_puts("Remote host said: ");
	report_put(s->reply.text, s->reply.len);
	report_end();
}

static void report_dropped(session const *s)
{
	report_puts("ZConnected to ");
	report_puts(s->job->ip);
	report_puts(" but connection died. ");
	if (s->critical)
		report_puts("Possible duplicate! ");
	report_puts("(#4.4.2)\n");
	report_puts(s->job->note);
	report_end();
}

static void report_none_accepted(session const *s)
{
	report_puts(s->job->unsure ? "Z" : "D");
	report_puts("Giving up on ");
	report_puts(s->job->ip);
	report_message(".");
}

/* ---- the dialogue ----------------------------------------------------------------------------------- */

/* 0: as it should be; Z: refused for now; D: for good. */
static char judge(session const *s, step const *t)
{
	unsigned int code = s->reply.code;

	if (code >= t->from && code <= t->to)
		return 0;
	/* Servers that answer DATA with several lines of 2xx, and mean 354, have always been served. */
	if (t == &data_step && s->reply.several && code >= 200 && code <= 299)
		return 0;
	return code < 500 || code > 599 || t->mild || s->job->unsure ? 'Z' : 'D';
}

static progress hear(session *s, step const *t)
{
	char letter;

	if (!read_reply(s))
		return DROPPED;
	s->critical = 0;
	letter = judge(s, t);
	if (!letter)
		return GOES_ON;
	report_reply(s, letter, t);
	return OVER;
}

static int start_command(session *s, char const *verb)
{
	return stralloc_copys(&s->command, verb);
}

static progress say_command(session *s)
{
	if (!stralloc_cats(&s->command, "\r\n"))
		return NOMEM;
	return send_bytes(s, s->command.s, s->command.len) ? GOES_ON : DROPPED;
}

static progress say_path(session *s, char const *verb, char const *address)
{
	if (!start_command(s, verb) || !quote_address(&s->command, address, strlen(address))
	 || !stralloc_append(&s->command, '>'))
		return NOMEM;
	return say_command(s);
}

static progress greeting(session *s)
{
	return hear(s, &greeting_step);
}

/* HELO and not EHLO: nothing that is offered would be used. */
static progress helo(session *s)
{
	progress p;

	if (!start_command(s, "HELO ") || !stralloc_cat(&s->command, s->job->helohost))
		return NOMEM;
	p = say_command(s);
	if (p == GOES_ON)
		p = hear(s, &helo_step);
	s->committed = p == GOES_ON;
	return p;
}

static progress sender(session *s)
{
	progress p = say_path(s, "MAIL FROM:<", s->job->sender);

	if (p == GOES_ON)
		p = hear(s, &mail_step);
	s->committed |= p == GOES_ON;
	return p;
}

/* A recipient's report, by the last reply. */
static void report_recipient(session *s)
{
	char letter = judge(s, &rcpt_step);

	if (letter) {
		report_reply(s, letter == 'D' ? 'h' : 's', &rcpt_step);
		s->crowded = s->accepted && crowded_is(s->reply.text, s->reply.len) ? s->crowded + 1 : 0;
	} else {
		report_puts("r");
		report_end();
		s->accepted++;
		s->crowded = 0;
	}
}

/* Servers that have recipients enough hang up if they are offered more and more of them, and then nobody gets the
 * message: those that are left share the last answer. */
static progress recipients(session *s)
{
	size_t i;

	for (i = 0; i < s->job->n; i++) {
		progress p = s->crowded < CROWD ? say_path(s, "RCPT TO:<", s->job->recipients[i]) : GOES_ON;

		if (p != GOES_ON)
			return p;
		if (s->crowded < CROWD && !read_reply(s))
			return DROPPED;
		report_recipient(s);
		/* The end of client_again, without more ado: it reports no refusals. */
		if (s->again && s->accepted <= i)
			return OVER;
	}
	if (s->accepted)
		return GOES_ON;
	report_none_accepted(s);
	return OVER;
}

static progress data(session *s)
{
	progress p;

	if (!start_command(s, "DATA"))
		return NOMEM;
	p = say_command(s);
	return p == GOES_ON ? hear(s, &data_step) : p;
}

static ssize_t read_block(int fd, char *block)
{
	ssize_t r;

	do
		r = read(fd, block, BLOCK);
	while (r < 0 && errno == EINTR);
	return r;
}

/* One block is held back, so that the end goes out with the last one. */
static progress message(session *s)
{
	static char in[BLOCK];
	static char out[EOD_OUT_ROOM(BLOCK) + EOD_OUT_END_MAX];
	eod_out e = EOD_OUT_ZERO;
	size_t len = 0;
	ssize_t r;

	while ((r = read_block(s->job->message, in)) > 0) {
		if (len && !send_bytes(s, out, len))
			return DROPPED;
		len = eod_out_feed(&e, in, (size_t)r, out);
	}
	if (r < 0) {
		report_message("ZUnable to read message. (#4.3.0)");
		return GIVEN_UP;
	}
	len += eod_out_end(&e, out + len);
	s->critical = 1;
	if (!send_bytes(s, out, len))
		return DROPPED;
	return hear(s, &dot_step);
}

static progress accepted(session *s)
{
	s->taken = 1;
	report_reply(s, 'K', &success);
	return OVER;
}

typedef progress part(session *);

static part *const script[] = { greeting, helo, sender, recipients, data, message, accepted };
enum { FIRST_AGAIN = 2 };               /* where a session that stands goes on */

/* ---- all of it -------------------------------------------------------------------------------------- */

void client_limit(client_job *job)
{
	struct stat st;
	uint64_t seconds = (ROUNDS + (uint64_t)job->n) * job->timeout;

	if (fstat(job->message, &st) == 0 && S_ISREG(st.st_mode))
		seconds += (uint64_t)st.st_size / BYTES_PER_SECOND;
	else
		seconds += PIPE_SECONDS;
	io_deadline(&job->end, seconds > INT32_MAX ? INT32_MAX : (unsigned int)seconds);
}

static void quit(session *s)
{
	static char const command[] = "QUIT\r\n";
	tain d;

	io_deadline(&d, QUIT_SECONDS);
	io_write(s->job->fd, command, sizeof command - 1, &d);
}

static session the_session;

static progress go(session *s, client_job const *job, int again)
{
	size_t i = again ? FIRST_AGAIN : 0;
	progress p = GOES_ON;

	s->job = job;
	s->again = again;
	s->taken = 0;
	s->critical = 0;
	s->committed = 0;
	s->accepted = 0;
	s->crowded = 0;
	for (; i < sizeof script / sizeof script[0] && p == GOES_ON; i++)
		p = script[i](s);
	return p;
}

/* A server that has said more than it was asked for is not in step with us, and one that has refused recipients may
 * like them better in a session of their own. */
static client_result finish(session *s)
{
	if (s->taken && s->job->keep && s->accepted == s->job->n && s->pos == s->len)
		return CLIENT_KEPT;
	quit(s);
	return CLIENT_OVER;
}

client_result client_deliver(client_job const *job)
{
	session *s = &the_session;
	progress p;

	s->pos = s->len = 0;
	p = go(s, job, 0);
	if (p == DROPPED)
		report_dropped(s);
	if (p == NOMEM)
		report_message("ZOut of memory. (#4.3.0)");
	/* The report first: once the other side has the message, nothing may keep us from saying so. */
	if (s->committed || p == NOMEM)
		report_flush();
	if (s->committed && p == OVER)
		return finish(s);
	if (p == OVER)
		quit(s);
	return s->committed || p == NOMEM ? CLIENT_OVER : CLIENT_ELSEWHERE;
}

client_result client_again(client_job const *job)
{
	session *s = &the_session;
	progress p = go(s, job, 1);

	if (p == DROPPED && s->critical)
		report_dropped(s);
	else if (!s->taken)
		report_drop();
	if (s->taken || s->critical) {
		report_flush();
		return p == OVER ? finish(s) : CLIENT_OVER;
	}
	if (p == OVER)
		quit(s);
	return CLIENT_ELSEWHERE;
}

void client_quit(void)
{
	quit(&the_session);
}

int client_address_ok(char const *address)
{
	return strpbrk(address, "\r\n") == 0;
}
