/* SPDX-License-Identifier: ISC */

#include "proto/stay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/sig.h>

#include "base/io.h"
#include "base/moment.h"
#include "base/samefile.h"

enum
{
	QUESTIONS = 3,                  /* and the two behind it: descriptors of who stays */
	IDLE,
	SEATS,
	PATIENCE_MS = 2000,
	IDLE_MS = 10000,
	ASKED_MOST = 1000,
	AGE_MOST = 60,                  /* seconds: name services that keep a connection shall not keep it for long */
	ANSWER_MOST = 8192,             /* longer than that for any question */
};

#define VARIABLE "QMAILGETPW"
#define STAY "stay"
#define PROGRAM "bin/qmail-getpw"

/* One descriptor with a packet. */
typedef union rights
{
	struct cmsghdr header;
	char s[CMSG_SPACE(sizeof(int))];
} rights;

static int asking = -1;
static int questions = -1;
static int idle = -1;
static int seats = -1;

int stay_open(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return 0;
	asking = pair[0];
	questions = pair[1];
	idle = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);
	seats = memfd_create("seats", MFD_CLOEXEC);
	if (idle >= 0 && seats >= 0)
		return 1;
	fd_close(asking);
	asking = -1;
	return 0;
}

/* ---- who asks */

static int is_taken(int fd)
{
	uint64_t one;

	return read(fd, &one, sizeof one) == (ssize_t)sizeof one;
}

static int put_question(char const *local, size_t n, int reply)
{
	rights place = { .s = { 0 } };
	struct iovec v = { .iov_base = (char *)(uintptr_t)local, .iov_len = n };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &place, .msg_controllen = sizeof place };

	place.header.cmsg_level = SOL_SOCKET;
	place.header.cmsg_type = SCM_RIGHTS;
	place.header.cmsg_len = CMSG_LEN(sizeof reply);
	memcpy(CMSG_DATA(&place.header), &reply, sizeof reply);
	return sendmsg(asking, &m, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n;
}

/* All of it, in time. */
static int get_answer(stralloc *answer, int fd)
{
	int64_t const end = moment_now(CLOCK_MONOTONIC) + PATIENCE_MS;
	struct pollfd x = { .fd = fd, .events = POLLIN };
	char buf[1024];

	answer->len = 0;
	for (;;) {
		int64_t left = end - moment_now(CLOCK_MONOTONIC);
		ssize_t r;

		if (left <= 0 || (poll(&x, 1, (int)left) < 0 && errno != EINTR))
			return 0;
		if (!x.revents)
			continue;
		r = read(fd, buf, sizeof buf);
		if (r == 0)
			return answer->len > 0;
		if (r < 0 || answer->len > ANSWER_MOST || !stralloc_catb(answer, buf, (size_t)r))
			return 0;
	}
}

int stay_ask(stralloc *answer, char const *local)
{
	size_t n = strlen(local);
	int p[2];
	int ok;

	if (asking < 0 || n == 0 || n > STAY_QUESTION_MAX || !is_taken(idle) || pipecoe(p) < 0)
		return 0;
	ok = put_question(local, n, p[1]);
	close(p[1]);
	ok = ok && get_answer(answer, p[0]);
	close(p[0]);
	return ok;
}

void stay_offer(void)
{
	int fds[] = { questions, idle, seats };
	int i;

	if (asking < 0)
		return;
	for (i = 0; i < 3; i++)
		if ((fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, SEATS + 1)) < 0)
			return;
	for (i = 0; i < 3; i++)
		if (dup2(fds[i], QUESTIONS + i) < 0)
			return;
	(void)setenv(VARIABLE, STAY, 1);
}

/* ---- who stays */

static struct stat own;                 /* the program that we are */
static int64_t born;
static unsigned int asked;
static int counted;                     /* as idle, before the question that we have came */

static int is_current(void)
{
	struct stat st;

	return stat(PROGRAM, &st) == 0 && samefile_is(&st, &own);
}

/* A lock goes with its process, however that ends. */
static int take_seat(void)
{
	struct flock byte = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };

	for (byte.l_start = 0; byte.l_start < STAY_MOST; byte.l_start++)
		if (fcntl(SEATS, F_SETLK, &byte) == 0)
			return 1;
	return 0;
}

static int let_go(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	return fd >= 0 && dup2(fd, 0) >= 0 && dup2(fd, 1) >= 0 && dup2(fd, 2) >= 0 && (fd <= 2 || close(fd) == 0);
}

int stay_behind(char const *wish)
{
	pid_t pid;

	if (!wish || strcmp(wish, STAY) != 0)
		return 0;
	(void)unsetenv(VARIABLE);
	if (stat("/proc/self/exe", &own) < 0 || !is_current())
		return 0;
	pid = fork();
	if (pid != 0)
		return 0;
	/* First of all: somebody waits for the end of what these were. */
	if (!let_go() || !take_seat())
		_exit(0);
	sig_ignore(SIGPIPE);
	born = moment_now(CLOCK_MONOTONIC);
	return 1;
}

/* Who is idle says so; who asks takes that back. 1 if there is a question now. */
static int await(void)
{
	struct pollfd x = { .fd = QUESTIONS, .events = POLLIN };
	uint64_t const one = 1;

	if (!counted && write(IDLE, &one, sizeof one) != (ssize_t)sizeof one)
		return 0;
	counted = 0;
	if (poll(&x, 1, IDLE_MS) > 0)
		return 1;
	/* Either we take it back, or somebody is about to ask us. */
	return !is_taken(IDLE) && poll(&x, 1, PATIENCE_MS) > 0;
}

static ssize_t get_question(char *s, size_t max, int *reply)
{
	rights place;
	struct iovec v = { .iov_base = s, .iov_len = max };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &place, .msg_controllen = sizeof place };
	ssize_t n = recvmsg(QUESTIONS, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	*reply = -1;
	if (n <= 0)
		return n;
	if (m.msg_controllen >= sizeof place.header && place.header.cmsg_type == SCM_RIGHTS)
		memcpy(reply, CMSG_DATA(&place.header), sizeof *reply);
	return *reply < 0 ? 0 : n;
}

/* Who asked has given up: this question was for one that was counted and is no more. So we are still counted. */
static int is_stale(int reply)
{
	counted = !io_has_reader(reply);
	if (counted)
		close(reply);
	return counted;
}

int stay_next(stralloc *local, int *reply)
{
	char s[STAY_QUESTION_MAX];
	ssize_t n;

	do {
		if (asked++ == ASKED_MOST || moment_now(CLOCK_MONOTONIC) - born > (int64_t)AGE_MOST * 1000) {
			if (counted)
				(void)is_taken(IDLE);
			return 0;
		}
		if (!await())
			return 0;
		n = get_question(s, sizeof s, reply);
		/* Another one was faster. */
		if (n < 0 && errno == EAGAIN)
			counted = 1;
	} while (counted || (n > 0 && is_stale(*reply)));
	if (n > 0 && is_current() && stralloc_copyb(local, s, (size_t)n) && stralloc_0(local))
		return 1;
	return 0;
}
