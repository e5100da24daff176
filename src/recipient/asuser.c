/* SPDX-License-Identifier: ISC */

#include "recipient/asuser.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/child.h"
#include "base/drop.h"
#include "base/fds.h"
#include "base/io.h"

/* One that is not waited for keeps nothing open that our caller has: no lock, and no pipe that somebody reads to its
 * end. */
static int keep_alone(int fd)
{
	if (fd != 0 && dup2(fd, 0) < 0)
		return 0;
	fds_close_from(1);
	return 1;
}

static _Noreturn void work_as(int to, uid_t uid, gid_t gid, asuser_work *work, void *data)
{
	stralloc found = STRALLOC_ZERO;

	if (!keep_alone(to) || (geteuid() == 0 && !drop_to(uid, gid, &gid, 1)))
		_exit(111);
	_exit(work(&found, data) && io_writeall(0, found.s, found.len) ? 0 : 111);
}

/* 1 at the end of it. */
static int read_all(stralloc *sa, int fd, tain const *deadline)
{
	size_t start = sa->len;
	char buf[8192];
	ssize_t r;

	while ((r = io_read(fd, buf, sizeof buf, deadline)) > 0)
		if (sa->len - start > ASUSER_MAX || !stralloc_catb(sa, buf, (size_t)r))
			return errno = EPROTO, 0;
	return r == 0;
}

static int is_well(pid_t pid)
{
	int status;

	return child_wait(pid, &status) && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 1 : (errno = EPROTO, 0);
}

static int give_up(pid_t pid)
{
	int e = errno;

	kill(pid, SIGKILL);
	waitpid(pid, 0, WNOHANG);
	return errno = e, 0;
}

int asuser_run(stralloc *out, uid_t uid, gid_t gid, unsigned int seconds, asuser_work *work, void *data)
{
	size_t start = out->len;
	tain deadline;
	pid_t pid;
	int ok;
	int p[2];

	if (!io_start() || pipecoe(p) < 0)
		return 0;
	io_deadline(&deadline, seconds);
	pid = fork();
	if (pid == 0) {
		close(p[0]);
		work_as(p[1], uid, gid, work, data);
	}
	close(p[1]);
	ok = pid > 0 && (read_all(out, p[0], &deadline) ? is_well(pid) : give_up(pid));
	close(p[0]);
	if (!ok)
		out->len = start;
	return ok;
}
