/* SPDX-License-Identifier: ISC */

#include "proto/qq.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/djbunix.h>
#include <skalibs/types.h>

#include "base/child.h"
#include "base/conf.h"
#include "base/io.h"

enum { TEXT_MAX = 255, TEXT_MIN = 3, ERROR_FD_MAX = 1023 };

static char const own_program[] = "bin/qmail-queue";

static struct { int code; char const *text; } const texts[] = {
	{ QQ_OK, "" },
	{ QQ_TOOLONG, "Denvelope address too long for qq (#5.1.3)" },
	{ 115, "Denvelope address too long for qq (#5.1.3)" },
	{ QQ_REFUSED, "Dmail server permanently rejected message (#5.3.0)" },
	{ QQ_NOMEM, "Zqq out of memory (#4.3.0)" },
	{ QQ_TIMEOUT, "Zqq timeout (#4.3.0)" },
	{ QQ_WRITE, "Zqq write error or disk full (#4.3.0)" },
	{ QQ_READ, "Zqq read error (#4.3.0)" },
	{ QQ_CONTROL, "Zqq unable to read configuration (#4.3.0)" },
	{ QQ_NETWORK, "Zqq trouble making network connection (#4.3.0)" },
	{ QQ_HOME, "Zqq trouble in home directory (#4.3.0)" },
	{ QQ_QUEUE, "Zqq trouble creating files in queue (#4.3.0)" },
	{ QQ_PID, "Zqq trouble creating files in queue (#4.3.0)" },
	{ QQ_MESS, "Zqq trouble creating files in queue (#4.3.0)" },
	{ QQ_INTD, "Zqq trouble creating files in queue (#4.3.0)" },
	{ QQ_TODO, "Zqq trouble creating files in queue (#4.3.0)" },
	{ QQ_DEFERRED, "Zmail server temporarily rejected message (#4.3.0)" },
	{ QQ_CONNECT_TIMEOUT, "Zconnection to mail server timed out (#4.4.1)" },
	{ QQ_CONNECT_REFUSED, "Zconnection to mail server rejected (#4.4.1)" },
	{ QQ_CONNECTION_LOST, "Zcommunication with mail server failed (#4.4.2)" },
	{ QQ_BUG, "Zqq internal bug (#4.3.0)" },
	{ QQ_ENVELOPE, "Zqq internal bug (#4.3.0)" },
	{ QQ_EXEC, "Zunable to exec qq (#4.3.0)" },
};

char const *qq_text(int code)
{
	size_t i;

	for (i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (texts[i].code == code)
			return texts[i].text;
	return code >= 11 && code <= 40 ? "Dqq permanent problem (#5.3.0)" : "Zqq temporary problem (#4.3.0)";
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The descriptor that the admin's tools expect their error pipe on, besides 4 and 6; -1 for none. */
static int error_fd(void)
{
	char const *s = getenv("ERROR_FD");
	unsigned int fd;

	if (!s || !uint0_scan(s, &fd) || fd < 2 || fd > ERROR_FD_MAX)
		return -1;
	return (int)fd;
}

/* The administrator's program, or null. */
static char const *substitute(void)
{
	char const *program = getenv("QMAILQUEUE");

	return program && *program ? program : 0;
}

int qq_is_substituted(void)
{
	char const *program = substitute();
	struct stat theirs;
	struct stat ours;

	return program && (stat(program, &theirs) < 0 || stat(own_program, &ours) < 0 || theirs.st_dev != ours.st_dev
		|| theirs.st_ino != ours.st_ino);
}

static pid_t start(int message, int envelope, int error)
{
	char const *program = substitute();
	child_fd fds[5] = { { message, 0 }, { envelope, 1 }, { error, 4 }, { error, 6 }, { error, error_fd() } };
	char *argv[2];

	if (!program)
		program = own_program;
	argv[0] = (char *)program;
	argv[1] = 0;
	return child_start(program, argv, environ, conf_home, fds, fds[4].to < 0 ? 4 : 5);
}

int qq_open(qq *q)
{
	int message[2], envelope[2], error[2];

	q->pid = 0;
	q->code = QQ_EXEC;
	q->failed = 0;
	q->n = 0;
	q->text.len = 0;
	if (pipecoe(message) < 0)
		return 0;
	if (pipecoe(envelope) < 0)
		goto no_envelope;
	if (pipecoe(error) < 0)
		goto no_error;
	q->fd_message = message[1];
	q->fd_envelope = envelope[1];
	q->fd_error = error[0];
	q->pid = start(message[0], envelope[0], error[1]);
	if (!q->pid) {
		/* No process at all is our caller's trouble; a program that is not there is the program's. */
		if (errno == EAGAIN || errno == ENOMEM)
			goto no_child;
		if (access(conf_home, X_OK) < 0)
			q->code = QQ_HOME;
		q->pid = -1;
	}
	close(message[0]);
	close(envelope[0]);
	close(error[1]);
	return 1;

no_child:
	fd_close(error[0]);
	fd_close(error[1]);
no_error:
	fd_close(envelope[0]);
	fd_close(envelope[1]);
no_envelope:
	fd_close(message[0]);
	fd_close(message[1]);
	return 0;
}

unsigned long qq_qp(qq const *q)
{
	return q->pid > 0 ? (unsigned long)q->pid : 0;
}

size_t qq_ok(char s[QQ_OK_FMT], qq const *q, int64_t now)
{
	size_t n = 0;

	memcpy(s, "ok ", 3);
	n += 3;
	n += int64_fmt(s + n, now);
	memcpy(s + n, " qp ", 4);
	n += 4;
	n += ulong_fmt(s + n, qq_qp(q));
	return n;
}

static void flush_to(qq *q, int fd)
{
	if (!q->failed && !io_writeall(fd, q->buf, q->n))
		q->failed = 1;
	q->n = 0;
}

/* What is waiting and what comes, in one call. */
static void write_through(qq *q, int fd, char const *s, size_t n)
{
	struct iovec v[2] = {
		{ .iov_base = q->buf, .iov_len = q->n },
		{ .iov_base = (void *)s, .iov_len = n },
	};

	if (allwritev(fd, v, 2) < q->n + n)
		q->failed = 1;
	q->n = 0;
}

/* Small pieces wait for each other; a large one is not copied. */
static void put_to(qq *q, int fd, char const *s, size_t n)
{
	if (q->failed)
		return;
	if (n > sizeof q->buf - q->n)
		return write_through(q, fd, s, n);
	if (n)
		memcpy(q->buf + q->n, s, n);
	q->n += n;
}

void qq_put(qq *q, char const *s, size_t n)
{
	put_to(q, q->fd_message, s, n);
}

void qq_from(qq *q, char const *sender, size_t n)
{
	flush_to(q, q->fd_message);
	close_fd(&q->fd_message);
	put_to(q, q->fd_envelope, "F", 1);
	put_to(q, q->fd_envelope, sender, n);
	put_to(q, q->fd_envelope, "", 1);
}

void qq_to(qq *q, char const *recipient, size_t n)
{
	put_to(q, q->fd_envelope, "T", 1);
	put_to(q, q->fd_envelope, recipient, n);
	put_to(q, q->fd_envelope, "", 1);
}

void qq_fail(qq *q)
{
	q->failed = 1;
}

/* Read the error pipe to its end, keeping what a reply may hold: the child must never block on it. */
static int read_text(qq *q)
{
	char buf[1024];
	int ok = 1;

	for (;;) {
		ssize_t r = read(q->fd_error, buf, sizeof buf);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return ok;
		if (ok && q->text.len < TEXT_MAX) {
			size_t room = TEXT_MAX - q->text.len;

			ok = stralloc_catb(&q->text, buf, (size_t)r < room ? (size_t)r : room);
		}
	}
}

/* The text goes into a reply line: cut at the first NUL, drop the line end, blank out control bytes. */
static int clean_text(qq *q)
{
	size_t n = q->text.len;
	char const *nul = n ? memchr(q->text.s, 0, n) : 0;
	size_t i;

	if (nul)
		n = (size_t)(nul - q->text.s);
	while (n > 0 && (q->text.s[n - 1] == '\n' || q->text.s[n - 1] == '\r'))
		n--;
	for (i = 0; i < n; i++)
		if ((unsigned char)q->text.s[i] < 32 || q->text.s[i] == 127)
			q->text.s[i] = ' ';
	q->text.len = n;
	if (n < TEXT_MIN || !stralloc_0(&q->text))
		return 0;
	/* Only D is permanent; some filters write a text with no letter that means anything. */
	if (q->text.s[0] != 'D')
		q->text.s[0] = 'Z';
	return 1;
}

char const *qq_close(qq *q)
{
	int status;
	int have_text;

	if (!q->failed)
		put_to(q, q->fd_envelope, "", 1);
	flush_to(q, q->fd_envelope);
	close_fd(&q->fd_message);
	close_fd(&q->fd_envelope);
	if (q->pid < 0) {
		close_fd(&q->fd_error);
		return qq_text(q->code);
	}
	have_text = read_text(q);
	close_fd(&q->fd_error);
	if (!child_wait(q->pid, &status))
		return "Zqq waitpid surprise (#4.3.0)";
	if (WIFSIGNALED(status))
		return "Zqq crashed (#4.3.0)";
	if (WEXITSTATUS(status) == QQ_OK)
		return q->failed ? qq_text(QQ_READ) : "";
	if (WEXITSTATUS(status) == QQ_CUSTOM || WEXITSTATUS(status) == QQ_CUSTOM_88)
		return have_text && clean_text(q) ? q->text.s : "Zqq temporary problem (#4.3.0)";
	return qq_text(WEXITSTATUS(status));
}
