/* SPDX-License-Identifier: ISC */

/* qmail-queue-route(8): stands where qmail-queue is called and becomes the queue program of the sender. Anybody may
 * start it; it is not setuid. The program that it becomes takes the message and gives the answer: all that we
 * ever answer is that we failed. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/sig.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include "base/conf.h"
#include "base/control.h"
#include "base/fds.h"
#include "base/io.h"
#include "base/samefile.h"
#include "choice.h"
#include "proto/envelope.h"
#include "proto/qq.h"
#include "spool.h"

#define TABLE "control/queueroutes"
#define REAL "bin/qmail-queue-real"
#define QUEUE "bin/qmail-queue"
#define ROUTED "QUEUEROUTED"

enum { TIMEOUT_SECONDS = 86400 };

char const *PROG = "qmail-queue-route";

static spool message;
static spool envelope_text;

typedef struct sender
{
	size_t n;
	int whole;
	char s[ENVELOPE_ADDRESS_MAX];
} sender;

static void die_timeout(int sig)
{
	(void)sig;
	_exit(QQ_TIMEOUT);
}

static void nothing(int sig)
{
	(void)sig;
}

/* Caught, not ignored: what is ignored would stay so in the program that we become. */
static void catch_signals(void)
{
	sig_catch(SIGXFSZ, nothing);
	sig_catch(SIGALRM, die_timeout);
	alarm(TIMEOUT_SECONDS);
}

static int is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int is_regular(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* Whether a name stands for this very program. */
static int is_ourselves(char const *file)
{
	struct stat self;
	struct stat st;

	return stat("/proc/self/exe", &self) == 0 && stat(file, &st) == 0 && samefile_is(&st, &self);
}

/* The queue of this installation. */
static char const *default_program(void)
{
	return access(REAL, F_OK) == 0 ? REAL : QUEUE;
}

static void complain(choice_table const *t, size_t index, char const *what, char const *cure)
{
	char fmt[SIZE_FMT];

	fmt[size_fmt(fmt, control_line(&t->list, index))] = 0;
	strerr_warnw(TABLE, " line ", fmt, ": ", what, "; ", cure);
}

/* With the message and the envelope on 0 and 1, and all else as our caller gave it to us. */
static qq_exit become(char const *program)
{
	char *argv[2] = { (char *)program, 0 };

	if (is_ourselves(program)) {
		strerr_warnw(program, " is this program: the real one is looked for in ", REAL);
		return QQ_CONTROL;
	}
	alarm(0);
	if (setenv(ROUTED, "1", 1) < 0)
		return QQ_NOMEM;
	execv(program, argv);
	if (errno == ENOMEM || errno == E2BIG)
		return QQ_NOMEM;
	strerr_warnwusys("run ", program);
	return QQ_EXEC;
}

static void keep_sender(sender *from, char const *s, size_t n)
{
	size_t i;

	for (i = 0; i < n && !from->whole; i++) {
		if (s[i] == 0)
			from->whole = 1;
		else if (from->n < sizeof from->s)
			from->s[from->n++] = s[i];
	}
}

/* Only a whole envelope goes on: one without its end is a caller that gave up. */
static qq_exit take_envelope(sender *from)
{
	envelope check = ENVELOPE_ZERO;
	char block[SPOOL_BLOCK];

	for (;;) {
		int letter = check.sender ? 0 : 1;
		ssize_t r = io_read(1, block, sizeof block, 0);
		envelope_status status;
		qq_exit code;
		size_t used;

		if (r <= 0)
			return QQ_READ;
		status = envelope_check(&check, block, (size_t)r, &used);
		if (status == ENVELOPE_TOOLONG)
			return QQ_TOOLONG;
		if (status == ENVELOPE_BAD)
			return QQ_ENVELOPE;
		keep_sender(from, block + letter, (size_t)r - (size_t)letter);
		code = spool_put(&envelope_text, block, used);
		if (code != QQ_OK)
			return code;
		if (status == ENVELOPE_DONE)
			return spool_put(&envelope_text, "", 1);
	}
}

/* Callers write all of the message before they write the envelope, so all of it must be read before who wrote it can be
 * known. What is a file already can be read by the other program just as well. */
static qq_exit take(sender *from)
{
	int keep = is_regular(0);
	int text = 0;
	int records;
	qq_exit code = QQ_OK;

	spool_start(&message);
	spool_start(&envelope_text);
	if (!keep)
		code = spool_copy(&message, 0);
	if (code == QQ_OK && !keep)
		code = spool_finish(&message, &text);
	if (code == QQ_OK)
		code = take_envelope(from);
	if (code == QQ_OK)
		code = spool_finish(&envelope_text, &records);
	if (code == QQ_OK && ((!keep && fd_move(0, text) < 0) || fd_move(1, records) < 0))
		code = QQ_NOMEM;
	return code;
}

static qq_exit route(choice_table const *t)
{
	static sender from;
	choice c;
	qq_exit code = take(&from);

	if (code != QQ_OK)
		return code;
	switch (choice_make(&c, t, from.s, from.n)) {
	case CHOICE_DEFAULT:
		return become(default_program());
	case CHOICE_NOCOLON:
		complain(t, c.index, "no colon", "mail of that sender waits; write pattern:program");
		return QQ_CONTROL;
	case CHOICE_BLANK:
		complain(t, c.index, "a blank after the colon", "mail of that sender waits; remove it");
		return QQ_CONTROL;
	case CHOICE_PROGRAM:
		break;
	}
	code = become(c.program);
	complain(t, c.index, "that program cannot be used", "mail of that sender waits; name another or mend it");
	return code;
}

/* The list of routes. 1; 0: it cannot be read. Without a line in it there is nothing to choose. */
static int load(choice_table *t)
{
	return control_readlist(&t->list, TABLE, 0) != CONTROL_ERROR && constmap_map(&t->map, &t->list, ':');
}

/* Runs once per message; what it allocates is left to the exit. */
int main(void)
{
	choice_table t = CHOICE_TABLE_ZERO;
	int complete = is_open(0) && is_open(1);

	if (!fds_sane(2) || !complete)
		return QQ_READ;
	if (chdir(conf_home) < 0)
		return QQ_HOME;
	/* A program of the table may itself call qmail-queue, and meet us again: a message is routed once. */
	if (getenv(ROUTED))
		return (int)become(default_program());
	if (!load(&t)) {
		strerr_warnwusys("read ", TABLE);
		return QQ_CONTROL;
	}
	if (t.list.n == 0)
		return (int)become(default_program());
	catch_signals();
	return (int)route(&t);
}
