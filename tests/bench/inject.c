/* SPDX-License-Identifier: ISC */

/* inject [-u UID] [-g GID] COUNT PARALLEL FILE COMMAND...: run a command that submits mail many times, a few at
 * once, each with FILE as its standard input. Linked statically: it runs in any root. 0 if each run gave 0. */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(char const *what)
{
	perror(what);
	_exit(111);
}

static void start(char const *file, char **command)
{
	pid_t pid = vfork();

	if (pid == -1)
		die("vfork");
	if (pid)
		return;
	int fd = open(file, O_RDONLY);
	if (fd == -1 || dup2(fd, 0) == -1)
		_exit(111);
	if (fd != 0)
		close(fd);
	execv(command[0], command);
	_exit(127);
}

int main(int argc, char **argv)
{
	long uid = -1, gid = -1;
	int opt;

	while ((opt = getopt(argc, argv, "+u:g:")) != -1)
	{
		if (opt == '?')
			return 100;
		*(opt == 'u' ? &uid : &gid) = atol(optarg);
	}
	argv += optind;
	if (argc - optind < 4)
	{
		(void)fputs("usage: inject [-u UID] [-g GID] COUNT PARALLEL FILE COMMAND...\n", stderr);
		return 100;
	}
	if (gid != -1 && (setgroups(0, 0) == -1 || setgid((gid_t)gid) == -1))
		die("setgid");
	if (uid != -1 && setuid((uid_t)uid) == -1)
		die("setuid");

	long count = atol(argv[0]), parallel = atol(argv[1]), started = 0, running = 0, bad = 0;
	while (started < count || running)
	{
		if (started < count && running < parallel)
		{
			start(argv[2], argv + 3);
			++started;
			++running;
			continue;
		}
		int status;
		if (wait(&status) > 0)
		{
			--running;
			bad += status != 0;
		}
		else if (errno != EINTR)
			die("wait");
	}
	if (bad)
		(void)fprintf(stderr, "%ld of %ld failed\n", bad, count);
	return bad ? 1 : 0;
}
