/* SPDX-License-Identifier: ISC */

#include "send/injector.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/child.h"
#include "base/fds.h"
#include "base/io.h"
#include "proto/info.h"

enum { KIND_BOUNCE = 'B', KIND_KILL = 'X' };
enum { FDS_MAX = 2, SOCKET = 3 };

static char const own_name[] = "injector";

/* A place for descriptors in a packet, aligned as it must be. */
typedef union rights
{
	struct cmsghdr header;
	char s[CMSG_SPACE(FDS_MAX * sizeof(int))];
} rights;

/* ---- the child of the injector --------------------------------------------------------------------- */

/* Handing a message to the queue takes as long as the message is big and as the queue program likes, so a
 * child does it; what it finds out comes through a pipe. */
static struct {
	pid_t pid;              /* 0: nothing under way */
	int fd;
} child = { .fd = -1 };

typedef struct request
{
	char packet[1 + INFO_MAX];
	size_t n;
	int fds[FDS_MAX];       /* notes, message; -1: not there */
} request;

/* A group of its own: should the queue program hang, both are killed together.
 * If the injector is killed, so is the child, and qmail-queue, not having seen the end, queues nothing: the next
 * qmail-send starts over. What it starts has no signal blocked. */
static _Noreturn void be_child(int fd, pid_t parent, request const *r)
{
	letter_result result;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	close(SOCKET);
	result = letter_send(r->packet + 1, r->n - 1, r->fds[0], r->fds[1]);
	io_writeall(fd, (char const *)&result, sizeof result);
	_exit(0);
}

static int start_child(request const *r)
{
	pid_t parent = getpid();
	pid_t pid;
	int p[2];

	if (pipecoe(p) < 0)
		return 0;
	pid = fork();
	if (pid == 0) {
		close(p[0]);
		be_child(p[1], parent, r);
	}
	close(p[1]);
	if (pid < 0) {
		close(p[0]);
		return 0;
	}
	setpgid(pid, pid);      /* whoever comes first */
	child.pid = pid;
	child.fd = p[0];
	return 1;
}

static void kill_child(void)
{
	if (!child.pid)
		return;
	kill(-child.pid, SIGKILL);
	kill(child.pid, SIGKILL);
}

/* All of it, in as many pieces as it comes: a part of it that was taken for a failure would be a second letter. */
static int read_result(letter_result *r)
{
	size_t n = 0;

	while (n < sizeof *r) {
		ssize_t took = io_read(child.fd, (char *)r + n, sizeof *r - n, 0);

		if (took <= 0)
			return 0;
		n += (size_t)took;
	}
	return 1;
}

/* The child writes its result or nothing, and is gone soon after. */
static letter_result reap(void)
{
	letter_result r;
	int status;

	if (!read_result(&r))
		r = (letter_result){ .outcome = LETTER_FAILED, .qp = 0 };
	close(child.fd);
	child_wait(child.pid, &status);
	child.pid = 0;
	child.fd = -1;
	return r;
}

/* ---- the injector ---------------------------------------------------------------------------------- */

enum { PAUSE_SECONDS = 1 };

/* A result must not get lost: qmail-send would wait for it. When nobody is there to hear it, that is seen next. */
static void answer(letter_result r)
{
	while (send(SOCKET, &r, sizeof r, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
		sleep(PAUSE_SECONDS);
}

static void take_rights(request *r, struct msghdr *m)
{
	struct cmsghdr *c;

	r->fds[0] = r->fds[1] = -1;
	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len <= CMSG_LEN(sizeof r->fds))
			memcpy(r->fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
}

typedef enum { RECEIVED, NOT_NOW, END } reception;

/* r->n is 0 if the packet is cut. */
static reception receive(request *r)
{
	rights place;
	struct iovec v = { .iov_base = r->packet, .iov_len = sizeof r->packet };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &place, .msg_controllen = sizeof place };
	ssize_t n = recvmsg(SOCKET, &m, MSG_CMSG_CLOEXEC);

	if (n < 0 && errno != ECONNRESET)
		return NOT_NOW;
	if (n <= 0)
		return END;
	take_rights(r, &m);
	r->n = m.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ? 0 : (size_t)n;
	return RECEIVED;
}

static int is_kill(request const *r)
{
	return r->n == 1 && r->packet[0] == KIND_KILL;
}

/* Only a bounce can have been cut. */
static int is_bounce(request const *r)
{
	return r->n == 0 || r->packet[0] == KIND_BOUNCE;
}

/* Returns 0 at the end. */
static int serve(void)
{
	static request r;
	reception what = receive(&r);
	unsigned int i;

	if (what == NOT_NOW)
		sleep(PAUSE_SECONDS);
	if (what != RECEIVED)
		return what != END;
	if (is_kill(&r))
		kill_child();
	else if (is_bounce(&r) && (r.n == 0 || child.pid || r.fds[0] < 0 || !start_child(&r)))
		answer((letter_result){ .outcome = LETTER_NOT_STARTED, .qp = 0 });
	for (i = 0; i < FDS_MAX; i++)
		if (r.fds[i] >= 0)
			close(r.fds[i]);
	return 1;
}

/* Nothing of qmail-send's: not its pipes, whose ends others wait for, nor its selfpipe or what else it may have. */
static void keep_only(int s)
{
	int const up = fcntl(s, F_DUPFD_CLOEXEC, SOCKET + 1);
	int const null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int i;

	for (i = 0; i < SOCKET; i++)
		if (null != i && (null < 0 || dup3(null, i, O_CLOEXEC) < 0))
			close(i);
	if (up < 0 || dup3(up, SOCKET, O_CLOEXEC) < 0)
		_exit(1);
	fds_close_from(SOCKET + 1);
}

static void change_name(char *name)
{
	size_t n = name ? strlen(name) : 0;

	prctl(PR_SET_NAME, own_name);
	if (n < sizeof own_name - 1)
		return;
	memset(name, 0, n);
	memcpy(name, own_name, sizeof own_name - 1);
}

static _Noreturn void be_injector(int s, char *name)
{
	keep_only(s);
	change_name(name);
	for (;;) {
		struct pollfd x[] = { { .fd = SOCKET, .events = POLLIN, .revents = 0 },
			{ .fd = child.fd, .events = POLLIN, .revents = 0 } };

		if (poll(x, 2, -1) < 0) {
			sleep(PAUSE_SECONDS);
			continue;
		}
		if (x[1].revents)
			answer(reap());
		if (x[0].revents && !serve()) {
			kill_child();
			_exit(0);
		}
	}
}

/* ---- qmail-send's side ----------------------------------------------------------------------------- */

static int to_injector = -1;

static void hang_up(void)
{
	if (to_injector >= 0)
		close(to_injector);
	to_injector = -1;
}

/* All signals are blocked before it exists: one that came to a handler of ours would be reported to us. Handlers are
 * gone, and nothing is blocked, in the programs that it starts. */
int injector_start(char *name)
{
	sigset_t all;
	sigset_t before;
	pid_t pid;
	int s[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) < 0)
		return 0;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	pid = fork();
	if (pid == 0)
		be_injector(s[1], name);
	sigprocmask(SIG_SETMASK, &before, 0);
	close(s[1]);
	hang_up();
	if (pid < 0)
		close(s[0]);
	else
		to_injector = s[0];
	return pid > 0;
}

int injector_fd(void)
{
	return to_injector;
}

static int put_packet(struct msghdr const *m)
{
	return sendmsg(to_injector, m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

int injector_ask(char const *sender, size_t n, int notes, int message)
{
	char kind = KIND_BOUNCE;
	int fds[FDS_MAX] = { notes, message };
	size_t size = (message < 0 ? 1 : 2) * sizeof *fds;
	rights place = { .s = { 0 } };
	struct iovec v[] = { { .iov_base = &kind, .iov_len = 1 }, { .iov_base = (char *)(uintptr_t)sender, .iov_len = n } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2, .msg_control = &place, .msg_controllen = CMSG_SPACE(size) };

	place.header.cmsg_level = SOL_SOCKET;
	place.header.cmsg_type = SCM_RIGHTS;
	place.header.cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(&place.header), fds, size);
	return put_packet(&m);
}

void injector_kill(void)
{
	char kind = KIND_KILL;
	struct iovec v = { .iov_base = &kind, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	(void)put_packet(&m);
}

injector_news injector_take(letter_result *r)
{
	ssize_t n = recv(to_injector, r, sizeof *r, MSG_DONTWAIT);

	if (n == (ssize_t)sizeof *r)
		return INJECTOR_RESULT;
	if (n < 0 && errno != ECONNRESET)
		return INJECTOR_NOTHING;
	hang_up();
	return INJECTOR_LOST;
}
