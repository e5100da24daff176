/* SPDX-License-Identifier: ISC */

/* qmail-queue(8): put a message into the queue. Setuid qmailq: arguments, environment, descriptors,
 * signals and limits are a stranger's. Says nothing; the exit code is the answer. */

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/sig.h>
#include <skalibs/strerr.h>

#include "base/conf.h"
#include "base/fds.h"
#include "base/io.h"
#include "base/sandbox.h"
#include "proto/envelope.h"
#include "proto/todo.h"
#include "queue/began.h"
#include "queue/commit.h"
#include "queue/entry.h"
#include "queue/origin.h"

enum { EXIT_UNKNOWN_USER = 111 };

/* Well under the 36 hours after which others remove what looks forgotten. */
enum { TIMEOUT_SECONDS = 86400 };

enum { BLOCK = 65536 };

char const *PROG = "qmail-queue";

static char block[BLOCK];

static void die_timeout(int sig)
{
	(void)sig;
	_exit(QQ_TIMEOUT);
}

static void die_bug(int sig)
{
	(void)sig;
	_exit(QQ_BUG);
}

static void catch_signals(void)
{
	static int const ignored[] = { SIGPIPE, SIGVTALRM, SIGPROF, SIGQUIT, SIGINT, SIGHUP, SIGXCPU, SIGXFSZ };
	static int const bugs[] = { SIGILL, SIGABRT, SIGFPE, SIGBUS, SIGSEGV, SIGSYS };
	size_t i;

	for (i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		sig_ignore(ignored[i]);
	for (i = 0; i < sizeof bugs / sizeof bugs[0]; i++)
		sig_catch(bugs[i], die_bug);
	sig_catch(SIGALRM, die_timeout);
	sig_restore(SIGTERM);
	sig_blocknone();
}

/* A descriptor that we were started without shall fail when it is read, and no file of ours get its number. */
static void sane_descriptors(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (began_without(fd))
			close(fd);
	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_WRONLY) != fd)
			_exit(QQ_READ);
	fds_close_from(3);
}

static qq_exit enter_queue(entry *e)
{
	if (chdir(conf_home) < 0)
		return QQ_HOME;
	if (chdir("queue") < 0)
		return QQ_QUEUE;
	return qpath_detect(&e->layout) ? QQ_OK : QQ_MESS;
}

static origin origin_of(uid_t uid)
{
	static struct { conf_user user; origin origin; } const known[] = {
		{ CONF_ALIAS, ORIGIN_ALIAS },
		{ CONF_QMAILD, ORIGIN_NETWORK },
		{ CONF_QMAILS, ORIGIN_BOUNCE },
	};
	size_t i;
	uid_t id;

	for (i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (!conf_uid(known[i].user, &id))
			strerr_dief(EXIT_UNKNOWN_USER, "unable to find user ", conf_username(known[i].user));
		if (id == uid)
			return known[i].origin;
	}
	return ORIGIN_UID;
}

static qq_exit take_message(entry *e, origin from, uid_t uid, pid_t pid, int64_t now)
{
	size_t n = origin_line(block, from, uid, pid, now);

	for (;;) {
		ssize_t r = io_read(0, block + n, sizeof block - n, 0);

		if (r < 0)
			return QQ_READ;
		n += (size_t)r;
		if (r > 0 && n < sizeof block)
			continue;
		if (entry_text(e, block, n) != QQ_OK)
			return QQ_WRITE;
		if (r == 0)
			return QQ_OK;
		n = 0;
	}
}

static qq_exit take_envelope(entry *e, uid_t uid, pid_t pid)
{
	size_t n = todo_start(block, uid, (uint64_t)pid);
	envelope check = ENVELOPE_ZERO;

	for (;;) {
		ssize_t r = io_read(1, block + n, sizeof block - n, 0);
		envelope_status status;
		size_t used;

		if (r <= 0)
			return QQ_READ;
		status = envelope_check(&check, block + n, (size_t)r, &used);
		if (status == ENVELOPE_TOOLONG)
			return QQ_TOOLONG;
		if (status == ENVELOPE_BAD)
			return QQ_ENVELOPE;
		if (entry_records(e, block, n + used) != QQ_OK)
			return QQ_WRITE;
		if (status == ENVELOPE_DONE)
			return QQ_OK;
		n = 0;
	}
}

static qq_exit queue_message(entry *e)
{
	uid_t uid = getuid();
	pid_t pid = getpid();
	int64_t now = time(0);
	origin from = origin_of(uid);
	qq_exit code = QQ_BUG;

	/* Names of users are looked up before this. */
	if (sandbox_enter(SANDBOX_QUEUE))
		code = entry_create(e, pid, now);
	if (code == QQ_OK)
		code = take_message(e, from, uid, pid, now);
	if (code == QQ_OK)
		code = entry_place(e);
	if (code == QQ_OK)
		code = entry_envelope(e);
	if (code == QQ_OK)
		code = take_envelope(e, uid, pid);
	return code == QQ_OK ? commit(e) : code;
}

int main(void)
{
	entry e = ENTRY_ZERO;
	qq_exit code;

	umask(033);
	sane_descriptors();
	catch_signals();
	clearenv();
	code = enter_queue(&e);
	if (code != QQ_OK)
		_exit((int)code);

	alarm(TIMEOUT_SECONDS);
	code = queue_message(&e);
	if (code != QQ_OK)
		entry_abandon(&e);
	_exit((int)code);
}
