/* SPDX-License-Identifier: ISC */

#include "looker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/selfpipe.h>
#include <skalibs/sig.h>

#include "clock.h"
#include "elsewhere.h"
#include "look.h"
#include "proto/rcptd.h"
#include "recipient/mailbox.h"
#include "sign.h"

enum { EXIT_TEMP = 111, LINGER_MILLISECONDS = 200 };

/* A place for a child, which is the leader of a group of its own: qmail-getpw is in it. */
typedef struct place
{
	pid_t pid;              /* 0: free */
	uint32_t number;
	int64_t deadline;       /* of the answer; when that is given, when to see again whether all is over */
	int answered;
	int ended;              /* the child itself is reaped */
} place;

static place places[LOOKER_CHILDREN];

/* The other side reads all the time, and has no more questions than there are places; if it is gone we are to end. */
static void answer(int socket, uint32_t number, rcptd_answer a)
{
	char packet[RCPTD_FOUND];

	rcptd_found(packet, number, a);
	(void)send(socket, packet, sizeof packet, MSG_NOSIGNAL);
}

static place *free_place(void)
{
	size_t i;

	for (i = 0; i < LOOKER_CHILDREN; i++)
		if (!places[i].pid)
			return places + i;
	return 0;
}

static _Noreturn void be_child(int socket, char const *local)
{
	setpgid(0, 0);
	close(socket);
	selfpipe_finish();
	sig_restore(SIGPIPE);
	sig_blocknone();
	look_run(local);
}

static void start(int socket, uint32_t number, char const *local)
{
	place *p = free_place();
	pid_t pid = p ? fork() : -1;

	if (pid == 0)
		be_child(socket, local);
	if (pid < 0) {
		answer(socket, number, RCPTD_DOUBT);
		return;
	}
	/* Whoever of the two comes first. */
	setpgid(pid, pid);
	*p = (place){ .pid = pid, .number = number, .deadline = clock_now() + LOOKER_MILLISECONDS };
}

/* 0 when the other side is gone. */
static int hear(int socket)
{
	char packet[RCPTD_LOOK_MAX];
	char const *local;
	uint32_t number;
	ssize_t r = recv(socket, packet, sizeof packet, MSG_DONTWAIT | MSG_TRUNC);

	if (r < 0)
		return errno == EAGAIN || errno == EINTR;
	if (r == 0)
		return 0;
	if ((size_t)r > sizeof packet || !rcptd_look_read(packet, (size_t)r, &number, &local))
		return 0;
	if (elsewhere_now(clock_now()))
		answer(socket, number, RCPTD_DOUBT);
	else
		start(socket, number, local);
	return 1;
}

/* That there is nobody is nothing to say as long as qmail-send goes by other tables. */
static rcptd_answer answer_of(mailbox_verdict v)
{
	if (v == MAILBOX_THERE)
		return RCPTD_YES;
	return v == MAILBOX_NONE && sign_covers(clock_now()) ? RCPTD_NO : RCPTD_DOUBT;
}

static void conclude(int socket, place *p, rcptd_answer a)
{
	if (!p->answered)
		answer(socket, p->number, a);
	p->answered = 1;
}

/* The number of a group is not given away again as long as it has a member. */
static void clear(place *p)
{
	if (p->ended && kill(-p->pid, 0) < 0 && errno == ESRCH)
		*p = (place){ .pid = 0 };
	else
		p->deadline = clock_now() + LINGER_MILLISECONDS;
}

static void reap(int socket)
{
	int status;
	pid_t pid;
	size_t i;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < LOOKER_CHILDREN; i++)
			if (places[i].pid == pid && !places[i].ended) {
				places[i].ended = 1;
				conclude(socket, places + i, answer_of(mailbox_ended(status)));
				clear(places + i);
			}
}

static void overdue(int socket)
{
	int64_t now = clock_now();
	size_t i;

	for (i = 0; i < LOOKER_CHILDREN; i++)
		if (places[i].pid && places[i].deadline <= now) {
			conclude(socket, places + i, RCPTD_DOUBT);
			kill(-places[i].pid, SIGKILL);
			clear(places + i);
		}
}

static int64_t next_deadline(void)
{
	int64_t deadline = 0;
	size_t i;

	for (i = 0; i < LOOKER_CHILDREN; i++)
		if (places[i].pid)
			deadline = clock_sooner(deadline, places[i].deadline);
	return deadline;
}

static void end_children(void)
{
	size_t i;

	for (i = 0; i < LOOKER_CHILDREN; i++)
		if (places[i].pid)
			kill(-places[i].pid, SIGKILL);
}

/* 0 when it is to end. */
static int heed_signals(int socket)
{
	int sig;

	while ((sig = selfpipe_read()) > 0) {
		if (sig == SIGTERM)
			return 0;
		reap(socket);
	}
	return sig == 0;
}

int looker_run(int socket)
{
	struct pollfd fds[2] = { { .fd = selfpipe_init(), .events = POLLIN }, { .fd = socket, .events = POLLIN } };
	int code = EXIT_TEMP;

	if (fds[0].fd < 0 || !selfpipe_trap(SIGCHLD) || !selfpipe_trap(SIGTERM))
		return EXIT_TEMP;
	/* What a look that was ended leaves behind comes to us. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	(void)elsewhere_now(clock_now());
	(void)sign_covers(clock_now());
	for (;;) {
		int r = poll(fds, 2, clock_left(next_deadline(), clock_now()));

		if (r < 0 && errno != EINTR)
			break;
		if (r > 0 && fds[0].revents && !heed_signals(socket)) {
			code = 0;
			break;
		}
		if (r > 0 && fds[1].revents && !hear(socket))
			break;
		overdue(socket);
	}
	end_children();
	return code;
}
