/* SPDX-License-Identifier: ISC */

#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/child.h"
#include "base/guard.h"
#include "base/io.h"

enum { NOWHERE, NOWHERE_OUT, TOLD, HEARD, FDS, INPUT_MAX = 4096 };

static void close_all(int const *fds, size_t n)
{
	while (n > 0)
		if (fds[--n] >= 0)
			fd_close(fds[n]);
}

/* Both pipes, and /dev/null; [0] of each pipe is read. */
static int make_fds(int *nowhere, int *told, int *heard)
{
	int e;

	*nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (*nowhere >= 0 && pipecoe(told) == 0) {
		if (pipecoe(heard) == 0)
			return 1;
		e = errno;
		close_all(told, 2);
		errno = e;
	}
	e = errno;
	close_all(nowhere, 1);
	errno = e;
	return 0;
}

/* The limits on our own memory and descriptors are not for it. */
static pid_t start(char *const *argv, char *const *envp, int nowhere, int told, int heard)
{
	child_fd const fds[FDS] = {
		[NOWHERE] = { nowhere, 0 }, [NOWHERE_OUT] = { nowhere, 1 }, [TOLD] = { told, 3 }, [HEARD] = { heard, 4 },
	};
	pid_t pid;
	int e;

	guard_lift();
	pid = child_search(argv, envp, fds, FDS);
	e = errno;
	guard_set();
	errno = e;
	return pid;
}

/* 0 at the end of what it writes. What is too much is thrown away. */
static int hear(int fd, stralloc *text)
{
	char buf[PROGRAM_TEXT_MAX];
	ssize_t r = read(fd, buf, sizeof buf);

	if (r < 0)
		return errno == EINTR || errno == EAGAIN;
	if (r > 0 && text->len < PROGRAM_TEXT_MAX) {
		size_t room = PROGRAM_TEXT_MAX - text->len;

		(void)stralloc_catb(text, buf, (size_t)r < room ? (size_t)r : room);
	}
	return r > 0;
}

/* Listen until it ends, which a descriptor for it shows, or the time is up; then what is there is read. Something that it
 * leaves running may hold the pipe open. 0: the time is up. */
static int attend(int process, int heard, stralloc *text)
{
	struct pollfd fds[2] = { { .fd = process, .events = POLLIN }, { .fd = heard, .events = POLLIN } };
	tain deadline;
	int left;

	io_deadline(&deadline, PROGRAM_SECONDS);
	while (!(fds[0].revents & POLLIN)) {
		tain now;

		tain_now(&now);
		if (!tain_less(&now, &deadline))
			return 0;
		tain_sub(&now, &deadline, &now);
		left = tain_to_millisecs(&now);
		if (poll(fds, 2, left < 0 ? PROGRAM_SECONDS * 1000 : left + 1) < 0 && errno != EINTR)
			return 0;
		if (fds[1].revents && !hear(heard, text))
			fds[1].fd = -1;
	}
	while (fds[1].fd >= 0 && poll(fds + 1, 1, 0) > 0 && hear(heard, text) && text->len < PROGRAM_TEXT_MAX)
		;
	return 1;
}

static int wait_for(pid_t pid, int heard, stralloc *text)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0);
	int status;

	if (process >= 0) {
		if (!attend(process, heard, text))
			kill(pid, SIGKILL);
		fd_close(process);
	}
	if (!child_wait(pid, &status) || !WIFEXITED(status))
		return PROGRAM_FAILED;
	return WEXITSTATUS(status);
}

int program_ask(char *const *argv, char *const *envp, char const *input, size_t n, stralloc *text)
{
	int nowhere;
	int told[2];
	int heard[2];
	int result = PROGRAM_UNSTARTED;
	pid_t pid;
	int e;

	text->len = 0;
	if (n > INPUT_MAX || !make_fds(&nowhere, told, heard))
		return PROGRAM_UNSTARTED;
	/* It fits into the pipe, whether anybody reads it or not. */
	pid = io_writeall(told[1], input, n) ? start(argv, envp, nowhere, told[0], heard[1]) : 0;
	e = errno;
	fd_close(nowhere);
	close_all(told, 2);
	fd_close(heard[1]);
	if (pid)
		result = wait_for(pid, heard[0], text);
	fd_close(heard[0]);
	return errno = e, result;
}
