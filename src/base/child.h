/* SPDX-License-Identifier: ISC */

#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include <stddef.h>
#include <sys/types.h>

/* Starting programs without copying ourselves: vfork, and what may be done behind it is all in child.c. */

typedef struct child_fd
{
	int from;       /* our descriptor */
	int to;         /* its number in the child */
} child_fd;

/* child_start: run file with argv and envp in directory dir (null: where we are).
 *
 * fds[0..n): from -> to, at the same time as it were (a from may be another's to; from == to keeps the
 * descriptor open). All others are expected to be close-on-exec. file is used as it stands, relative to
 * dir; no PATH search. The child starts with no signal blocked, SIGPIPE at its default and limits as ours were (raise.h); other ignored
 * signals stay ignored, but for SIGCHLD: where that is ignored it gets its default, here and in the child.
 * Returns the pid, or 0 with errno: the program was not started at all. The caller waits for it. */
extern pid_t child_start(char const *file, char *const *argv, char *const *envp, char const *dir,
	child_fd const *fds, size_t n);

/* child_search: the same for argv[0], which is looked for along our own $PATH unless it has a slash, and run
 * where we are. */
extern pid_t child_search(char *const *argv, char *const *envp, child_fd const *fds, size_t n);

/* child_wait: wait for pid, through EINTR. 1 and *status as of waitpid, or 0 with errno. */
extern int child_wait(pid_t pid, int *status);

#endif
