/* SPDX-License-Identifier: ISC */

#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/exec.h>
#include <skalibs/sig.h>
#include <skalibs/strerr.h>

#include "base/child.h"
#include "base/guard.h"
#include "base/io.h"
#include "proto/checkpassword.h"

static void become(char const *const *argv, int fd, int tell)
{
	sig_restore(SIGPIPE);
	guard_lift();
	/* dup2 of a descriptor onto itself leaves it close-on-exec */
	if (dup2(fd, CHECKPASSWORD_FD) >= 0 && fcntl(CHECKPASSWORD_FD, F_SETFD, 0) == 0)
		exec(argv);
	if (tell)
		strerr_warnwusys("run ", argv[0]);
	_exit(CHECKPASSWORD_NO);
}

/* A program that ends without having read everything may know enough: its exit code tells. */
static int hand_over(int fd, stralloc *request)
{
	int ok = io_writeall(fd, request->s, request->len) || errno == EPIPE;

	explicit_bzero(request->s, request->a);
	close(fd);
	return ok;
}

check_status check_run(char const *const *argv, stralloc *request, int tell)
{
	int fd[2];
	int status;
	pid_t pid;

	if (pipecoe(fd) < 0)
		return CHECK_NO_PIPE;
	pid = fork();
	if (pid < 0)
		return CHECK_NO_PROCESS;
	if (pid == 0)
		become(argv, fd[0], tell);
	close(fd[0]);
	if (!hand_over(fd[1], request))
		return CHECK_NOT_WRITTEN;
	if (!child_wait(pid, &status) || WIFSIGNALED(status))
		return CHECK_CRASHED;
	return WEXITSTATUS(status) == 0 ? CHECK_DONE : CHECK_FAILED;
}
