/* SPDX-License-Identifier: ISC */

/* backlog QUEUE COUNT WHEN HOST...: put messages for other hosts into a queue that nobody serves, as qmail-send
 * leaves them after a first attempt, an hour old: each with a recipient at one of the hosts, in turn, due again at WHEN.
 * Nothing is synced. As root. */

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/stralloc.h>

#include "proto/info.h"
#include "proto/qpath.h"
#include "proto/recips.h"

static char const SENDER[] = "sender@bench.local";
static char const TEXT[] = "Received: (qmail 1 invoked from network); 1 Jan 2020 00:00:00 -0000\nSubject: waits\n\n";

static qpath_layout layout;
static uid_t qmailq, qmails;
static gid_t qmail;

static void die(char const *what)
{
	perror(what);
	_exit(111);
}

static uid_t uid_of(char const *name)
{
	struct passwd const *p = getpwnam(name);

	if (!p)
		die(name);
	qmail = p->pw_gid;
	return p->pw_uid;
}

/* A file of n bytes, its time as given. */
static void put(char const *name, uid_t uid, mode_t mode, char const *s, size_t n, time_t when)
{
	struct timespec const times[2] = { { .tv_nsec = UTIME_NOW }, { .tv_sec = when } };
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd == -1 || write(fd, s, n) != (ssize_t)n || fchown(fd, uid, qmail) == -1 || futimens(fd, times) == -1)
		die(name);
	close(fd);
}

static void queue(char const *host, time_t born, time_t when)
{
	char name[QPATH_FMT], recipient[300];
	stralloc sa = STRALLOC_ZERO;
	struct stat st;

	put("pid/backlog", qmailq, 0644, TEXT, sizeof TEXT - 1, born);
	if (stat("pid/backlog", &st) == -1)
		die("pid");
	qpath_fmt(name, &layout, QPATH_MESS, st.st_ino);
	if (rename("pid/backlog", name) == -1)
		die(name);
	if (!info_put(&sa, SENDER, sizeof SENDER - 1))
		die("memory");
	qpath_fmt(name, &layout, QPATH_INFO, st.st_ino);
	put(name, qmails, 0600, sa.s, sa.len, born);
	sa.len = 0;
	(void)snprintf(recipient, sizeof recipient, "someone@%s", host);
	if (!recips_put(&sa, recipient, strlen(recipient)))
		die("memory");
	qpath_fmt(name, &layout, QPATH_REMOTE, st.st_ino);
	put(name, qmails, 0600, sa.s, sa.len, when);
	stralloc_free(&sa);
}

int main(int argc, char **argv)
{
	if (argc < 5)
	{
		(void)fputs("usage: backlog QUEUE COUNT WHEN HOST...\n", stderr);
		return 100;
	}
	long count = atol(argv[2]);
	time_t born = time(0) - 3600;

	umask(0);
	qmails = uid_of("qmails");
	qmailq = uid_of("qmailq");
	if (chdir(argv[1]) == -1 || !qpath_detect(&layout))
		die(argv[1]);
	for (long i = 0; i < count; ++i)
		queue(argv[4 + i % (argc - 4)], born, (time_t)atoll(argv[3]));
	return 0;
}
