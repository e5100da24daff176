/* SPDX-License-Identifier: ISC */

#include "hangup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/moment.h"
#include "base/newer.h"
#include "base/running.h"
#include "base/samefile.h"
#include "recipient/otherhome.h"

static char const mutex[] = "queue/lock/sendmutex";

enum { PAUSE_MS = 50, SIGN_MS = 10000, SILENT_MS = 2000, STARTING_TRIES = 100, ROUNDS = 2 };

typedef enum { SEARCH_TROUBLE = -1, SEARCH_NONE, SEARCH_STARTING, SEARCH_FOUND, SEARCH_FOREIGN } search;

/* ---- who it is */

/* Whether its program stands in another home. One that is in none, such as an interpreter, or a directory of programs
 * that bin led to when it was started, tells of none. */
static int is_foreign(running const *r)
{
	char program[PATH_MAX];
	struct stat theirs;
	struct stat ours;
	ssize_t n = readlinkat(r->dir, "exe", program, sizeof program - 1);
	char *bin;

	if (n <= 0)
		return 0;
	program[n] = 0;
	bin = strstr(program, "/bin/qmail-send");
	if (!bin || bin == program)
		return 0;
	*bin = 0;
	return otherhome_has(program, "/bin/qmail-send") && otherhome_has(program, "/control") && stat(program, &theirs) == 0
		&& stat(".", &ours) == 0 && !samefile_is(&theirs, &ours);
}

/* One that is starting has read the files before it takes the lock: it may know the old ones. */
static search find(pid_t *pid, int64_t *began)
{
	search found = SEARCH_NONE;
	struct stat st;
	running r;

	if (stat(mutex, &st) < 0)
		return errno == ENOENT ? SEARCH_NONE : SEARCH_TROUBLE;
	if (!running_start(&r))
		return SEARCH_TROUBLE;
	while (found != SEARCH_FOUND && found != SEARCH_FOREIGN && running_next(&r)) {
		if (running_locks(&r, &st)) {
			*pid = r.pid;
			found = is_foreign(&r) ? SEARCH_FOREIGN : running_began(&r, began) ? SEARCH_FOUND : SEARCH_STARTING;
		} else if (running_is(&r, "/bin/qmail-send")) {
			found = SEARCH_STARTING;
		}
	}
	running_end(&r);
	return found;
}

/* ---- the sign */

static int look(struct timespec *sign)
{
	struct stat st;

	if (stat(mutex, &st) < 0)
		return 0;
	*sign = st.st_mtim;
	return 1;
}

/* Whether a process that began then has given the sign, which ours do when they start. */
static int gives_signs(struct timespec sign, int64_t began)
{
	return moment_of(sign) >= began;
}

typedef struct wait
{
	int watch;              /* inotify, on the mutex */
	int process;
	int64_t until;          /* CLOCK_MONOTONIC, milliseconds */
} wait;

/* Until the sign is another than *sign, which it becomes. */
static hangup_status wait_sign(wait const *w, struct timespec *sign)
{
	struct pollfd fds[2] = { { .fd = w->watch, .events = POLLIN }, { .fd = w->process, .events = POLLIN } };
	struct timespec const before = *sign;
	char events[4096];

	for (;;) {
		int64_t left = w->until - moment_now(CLOCK_MONOTONIC);
		int r = poll(fds, 2, left > 0 ? (int)left : 0);

		if (r < 0 && errno != EINTR)
			return HANGUP_TROUBLE;
		if (r > 0 && fds[0].revents && read(w->watch, events, sizeof events) < 0 && errno != EAGAIN && errno != EINTR)
			return HANGUP_TROUBLE;
		if (!look(sign))
			return HANGUP_TROUBLE;
		if (!samefile_time(before, *sign))
			return HANGUP_DONE;
		if (r > 0 && fds[1].revents)
			return HANGUP_NOBODY;
		if (left <= 0)
			return errno = ETIMEDOUT, HANGUP_TROUBLE;
	}
}

/* A sign from before the signal is of a reload that was under way, and that may have read the files before they were
 * changed. After it comes that of a reload that began later, if there is another signal. */
static hangup_status obey(wait const *w, struct timespec sign)
{
	hangup_status st = HANGUP_DONE;
	int round;

	for (round = 0; round < ROUNDS && st == HANGUP_DONE; round++) {
		struct timespec sent;

		clock_gettime(CLOCK_REALTIME, &sent);
		if (pidfd_send_signal(w->process, SIGHUP, 0, 0) < 0)
			return errno == ESRCH ? HANGUP_NOBODY : HANGUP_TROUBLE;
		st = wait_sign(w, &sign);
		if (st == HANGUP_DONE && newer_time(sign, sent))
			break;
	}
	return st;
}

static hangup_status signal_process(int process, int64_t began)
{
	wait w = { .watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), .process = process };
	hangup_status st = HANGUP_TROUBLE;
	struct timespec sign;
	int e;

	if (w.watch < 0)
		return HANGUP_TROUBLE;
	if (inotify_add_watch(w.watch, mutex, IN_ATTRIB) >= 0 && look(&sign)) {
		int speaks = gives_signs(sign, began);

		w.until = moment_now(CLOCK_MONOTONIC) + (speaks ? SIGN_MS : SILENT_MS);
		st = obey(&w, sign);
		if (st == HANGUP_TROUBLE && errno == ETIMEDOUT && !speaks)
			st = HANGUP_SILENT;
	}
	e = errno;
	close(w.watch);
	errno = e;
	return st;
}

/* Between the look and the signal its number could become another's, so it is looked at again by a descriptor that
 * cannot. */
static hangup_status tell(pid_t pid)
{
	int process = pidfd_open(pid, 0);
	hangup_status st = HANGUP_NOBODY;
	int64_t began;
	pid_t again;
	int e;

	if (process < 0)
		return errno == ESRCH ? HANGUP_NOBODY : HANGUP_TROUBLE;
	if (find(&again, &began) == SEARCH_FOUND && again == pid)
		st = signal_process(process, began);
	e = errno;
	close(process);
	errno = e;
	return st;
}

hangup_status hangup_send(int *pid)
{
	struct timespec const pause = { .tv_nsec = PAUSE_MS * 1000000L };
	int tries;

	*pid = 0;
	for (tries = 0; tries < STARTING_TRIES; tries++) {
		int64_t began;
		search s = find(pid, &began);
		hangup_status st = s == SEARCH_FOUND ? tell(*pid) : HANGUP_NOBODY;

		if (s == SEARCH_TROUBLE)
			return HANGUP_TROUBLE;
		if (s == SEARCH_FOREIGN)
			return HANGUP_FOREIGN;
		if (s == SEARCH_NONE || st != HANGUP_NOBODY)
			return st;
		nanosleep(&pause, 0);
	}
	/* What shows its name and holds no lock after five seconds is a helper of one that is gone. */
	return HANGUP_NOBODY;
}
