/* SPDX-License-Identifier: ISC */

#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/posixplz.h>

#include "base/raise.h"

/* vfork: until the child runs its program or ends, it works in our memory and we stand still. So between the two it
 * does nothing but ask the kernel for what concerns the child alone (become): it allocates nothing, calls no
 * function of the C library that keeps something, writes to no variable of ours but plan.error, and never returns.
 * We block all signals first; before the child lets them in, those that have a handler get their default: a handler
 * of ours would run in our memory there, and take a signal that was for the child for one that was for us.
 *
 * It changes no user id here: a process that does so between vfork and its program can be stopped by that user, and
 * would hold us for as long as he likes. Who has to become somebody forks (lspawn). */

enum { CHILD_FDS_MAX = 16, LAST_SIGNAL = 31, NOT_STARTED = 127 };

typedef struct plan
{
	char const *file;
	char *const *argv;
	char *const *envp;
	char const *dir;
	child_fd const *fds;
	size_t n;
	char const *path;               /* where to look for file; null: file as it stands */
	int crossed;                    /* some target is the source of another */
	int volatile error;
} plan;

static int is_crossed(child_fd const *fds, size_t n)
{
	size_t i;
	size_t j;

	for (i = 0; i < n; i++)
		for (j = i + 1; j < n; j++)
			if (fds[i].to == fds[j].from)
				return 1;
	return 0;
}

static int place(int from, int to)
{
	return from == to ? fcntl(to, F_SETFD, 0) == 0 : dup2(from, to) >= 0;
}

/* Sources are first copied above every target, so that no copy can overwrite a source still needed. */
static int place_crossed(child_fd const *fds, size_t n)
{
	int lifted[CHILD_FDS_MAX];
	int above = 3;
	size_t i;

	for (i = 0; i < n; i++)
		if (fds[i].to >= above)
			above = fds[i].to + 1;
	for (i = 0; i < n; i++)
		if ((lifted[i] = fcntl(fds[i].from, F_DUPFD_CLOEXEC, above)) < 0)
			return 0;
	for (i = 0; i < n; i++)
		if (!place(lifted[i], fds[i].to))
			return 0;
	return 1;
}

static int place_all(child_fd const *fds, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!place(fds[i].from, fds[i].to))
			return 0;
	return 1;
}

static int clear_signals(void)
{
	struct sigaction sa;
	sigset_t none;
	int sig;

	for (sig = 1; sig <= LAST_SIGNAL; sig++) {
		if (sigaction(sig, 0, &sa) < 0 || sa.sa_handler == SIG_DFL || (sa.sa_handler == SIG_IGN && sig != SIGPIPE))
			continue;
		sa.sa_handler = SIG_DFL;
		sa.sa_flags = 0;
		if (sigaction(sig, &sa, 0) < 0)
			return 0;
	}
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, 0) == 0;
}

static __attribute__((noreturn)) void become(plan *p)
{
	if ((p->crossed ? place_crossed(p->fds, p->n) : place_all(p->fds, p->n)) && (!p->dir || chdir(p->dir) == 0) && clear_signals()) {
		raise_undo();
		if (p->path)
			execvep(p->file, (char const *const *)p->argv, (char const *const *)p->envp, p->path);
		else
			execve(p->file, p->argv, p->envp);
	}
	p->error = errno;
	_exit(NOT_STARTED);
}

/* With SIGCHLD ignored, as we may have inherited it, the kernel keeps no status for child_wait: a message
 * that is in the queue would be reported as refused, and come again and again. */
static int want_statuses(void)
{
	struct sigaction sa;

	if (sigaction(SIGCHLD, 0, &sa) < 0)
		return 0;
	if (sa.sa_handler != SIG_IGN && !(sa.sa_flags & SA_NOCLDWAIT))
		return 1;
	sa.sa_flags &= ~SA_NOCLDWAIT;
	if (sa.sa_handler == SIG_IGN)
		sa.sa_handler = SIG_DFL;
	return sigaction(SIGCHLD, &sa, 0) == 0;
}

static pid_t start(plan *p)
{
	sigset_t all;
	sigset_t before;
	pid_t pid;
	int e;

	if (p->n > CHILD_FDS_MAX)
		return errno = EINVAL, 0;
	p->crossed = is_crossed(p->fds, p->n);
	sigfillset(&all);
	if (!want_statuses() || sigprocmask(SIG_SETMASK, &all, &before) < 0)
		return 0;
	pid = vfork();
	if (pid == 0)
		become(p);
	e = pid < 0 ? errno : p->error;
	if (pid > 0 && e)
		(void)child_wait(pid, &(int){ 0 });
	(void)sigprocmask(SIG_SETMASK, &before, 0);
	if (e)
		return errno = e, 0;
	return pid;
}

pid_t child_start(char const *file, char *const *argv, char *const *envp, char const *dir, child_fd const *fds, size_t n)
{
	plan p = { .file = file, .argv = argv, .envp = envp, .dir = dir, .fds = fds, .n = n };

	return start(&p);
}

pid_t child_search(char *const *argv, char *const *envp, child_fd const *fds, size_t n)
{
	char const *path = getenv("PATH");
	plan p = { .file = argv[0], .argv = argv, .envp = envp, .fds = fds, .n = n, .path = path ? path : "/usr/bin:/bin" };

	return start(&p);
}

int child_wait(pid_t pid, int *status)
{
	return wait_pid(pid, status) == pid;
}
