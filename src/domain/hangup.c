/* SPDX-License-Identifier: ISC */

#include "hangup.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/running.h"

static char const mutex[] = "queue/lock/sendmutex";
static char const table[] = "control/virtualdomains";

enum { PAUSE_MS = 50, READ_MS = 10000, STARTING_TRIES = 100 };

typedef enum { SEARCH_TROUBLE = -1, SEARCH_NONE, SEARCH_STARTING, SEARCH_FOUND } search;

/* One that is starting has read the files before it takes the lock: it may know the old ones. */
static search find(pid_t *pid)
{
	search found = SEARCH_NONE;
	struct stat st;
	running r;

	if (stat(mutex, &st) < 0)
		return errno == ENOENT ? SEARCH_NONE : SEARCH_TROUBLE;
	if (!running_start(&r))
		return SEARCH_TROUBLE;
	while (found != SEARCH_FOUND && running_next(&r)) {
		if (running_locks(&r, &st)) {
			*pid = r.pid;
			found = SEARCH_FOUND;
		} else if (running_is(&r, "/bin/qmail-send")) {
			found = SEARCH_STARTING;
		}
	}
	running_end(&r);
	return found;
}

/* Until it has read the table, ends, or half of forever has passed. */
static hangup_status wait_read(int watch, int process)
{
	struct pollfd fds[2] = { { .fd = watch, .events = POLLIN }, { .fd = process, .events = POLLIN } };
	int r;

	do
		r = poll(fds, 2, READ_MS);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return HANGUP_TROUBLE;
	if (r == 0)
		return errno = ETIMEDOUT, HANGUP_TROUBLE;
	return fds[0].revents ? HANGUP_DONE : HANGUP_NOBODY;
}

static hangup_status signal_process(int process)
{
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	hangup_status st = HANGUP_TROUBLE;
	int e;

	if (watch < 0)
		return HANGUP_TROUBLE;
	if (inotify_add_watch(watch, table, IN_CLOSE_NOWRITE) >= 0) {
		if (pidfd_send_signal(process, SIGHUP, 0, 0) == 0)
			st = wait_read(watch, process);
		else if (errno == ESRCH)
			st = HANGUP_NOBODY;
	}
	e = errno;
	close(watch);
	errno = e;
	return st;
}

/* Between the look and the signal its number could become another's, so it is looked at again by a descriptor that
 * cannot. */
static hangup_status tell(pid_t pid)
{
	int process = pidfd_open(pid, 0);
	hangup_status st;
	pid_t again;
	int e;

	if (process < 0)
		return errno == ESRCH ? HANGUP_NOBODY : HANGUP_TROUBLE;
	st = find(&again) == SEARCH_FOUND && again == pid ? signal_process(process) : HANGUP_NOBODY;
	e = errno;
	close(process);
	errno = e;
	return st;
}

hangup_status hangup_send(void)
{
	struct timespec const pause = { .tv_nsec = PAUSE_MS * 1000000L };
	int tries;

	for (tries = 0; tries < STARTING_TRIES; tries++) {
		pid_t pid = 0;
		search s = find(&pid);
		hangup_status st = s == SEARCH_FOUND ? tell(pid) : HANGUP_NOBODY;

		if (s == SEARCH_TROUBLE)
			return HANGUP_TROUBLE;
		if (s == SEARCH_NONE || st != HANGUP_NOBODY)
			return st;
		nanosleep(&pause, 0);
	}
	/* What shows its name and holds no lock after five seconds is a helper of one that is gone. */
	return HANGUP_NOBODY;
}
