/* SPDX-License-Identifier: ISC */

#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

enum { CHILD_FDS_MAX = 16 };

/* Sources are first copied above every target, so that no copy can overwrite a source still needed. */
static int lift_sources(int *lifted, child_fd const *fds, size_t n)
{
	int above = 3;
	size_t i;

	for (i = 0; i < n; i++)
		if (fds[i].to >= above)
			above = fds[i].to + 1;
	for (i = 0; i < n; i++) {
		lifted[i] = fcntl(fds[i].from, F_DUPFD_CLOEXEC, above);
		if (lifted[i] < 0) {
			int e = errno;

			while (i > 0)
				close(lifted[--i]);
			errno = e;
			return 0;
		}
	}
	return 1;
}

static int fill_actions(posix_spawn_file_actions_t *actions, char const *dir, child_fd const *fds, int const *lifted, size_t n)
{
	size_t i;
	int e = 0;

	for (i = 0; i < n && !e; i++)
		e = posix_spawn_file_actions_adddup2(actions, lifted[i], fds[i].to);
	if (!e && dir)
		e = posix_spawn_file_actions_addchdir_np(actions, dir);
	return e;
}

static int fill_attributes(posix_spawnattr_t *attr)
{
	sigset_t defaults;
	sigset_t none;
	int e;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	e = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	if (!e)
		e = posix_spawnattr_setsigdefault(attr, &defaults);
	if (!e)
		e = posix_spawnattr_setsigmask(attr, &none);
	return e;
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

typedef int spawner(pid_t *, char const *, posix_spawn_file_actions_t const *, posix_spawnattr_t const *,
	char *const *, char *const *);

static pid_t start(spawner *spawn, char const *file, char *const *argv, char *const *envp, char const *dir,
	child_fd const *fds, size_t n)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int lifted[CHILD_FDS_MAX];
	pid_t pid = 0;
	size_t i;
	int e;

	if (n > CHILD_FDS_MAX)
		return errno = EINVAL, 0;
	if (!want_statuses() || !lift_sources(lifted, fds, n))
		return 0;
	e = posix_spawn_file_actions_init(&actions);
	if (!e) {
		e = posix_spawnattr_init(&attr);
		if (!e) {
			e = fill_actions(&actions, dir, fds, lifted, n);
			if (!e)
				e = fill_attributes(&attr);
			if (!e)
				e = spawn(&pid, file, &actions, &attr, argv, envp);
			posix_spawnattr_destroy(&attr);
		}
		posix_spawn_file_actions_destroy(&actions);
	}
	for (i = 0; i < n; i++)
		close(lifted[i]);
	if (e)
		return errno = e, 0;
	return pid;
}

pid_t child_start(char const *file, char *const *argv, char *const *envp, char const *dir, child_fd const *fds, size_t n)
{
	return start(posix_spawn, file, argv, envp, dir, fds, n);
}

pid_t child_search(char *const *argv, char *const *envp, child_fd const *fds, size_t n)
{
	return start(posix_spawnp, argv[0], argv, envp, 0, fds, n);
}

int child_wait(pid_t pid, int *status)
{
	return wait_pid(pid, status) == pid;
}
