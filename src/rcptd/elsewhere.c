/* SPDX-License-Identifier: ISC */

#include "elsewhere.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/strerr.h>

enum { MILLISECONDS = 1000 };

/* Where a name leads to in the end; 0 if nowhere, or nobody can tell. */
static int resolve(char path[PATH_MAX], char const *name)
{
	return realpath(name, path) != 0;
}

static int is_below(char const *path, char const *name)
{
	char directory[PATH_MAX];
	size_t n;

	if (!resolve(directory, name))
		return 0;
	n = strlen(directory);
	return strncmp(path, directory, n) == 0 && path[n] == '/';
}

static int queue_program_is_foreign(void)
{
	struct stat st;
	char path[PATH_MAX];

	return lstat("bin/qmail-queue", &st) == 0 && S_ISLNK(st.st_mode)
		&& resolve(path, "bin/qmail-queue") && !is_below(path, ".") && !is_below(path, "bin");
}

/* A home is known by its programs. A queue on another disk is no home's. */
static int has_programs(char const *directory)
{
	char path[PATH_MAX + sizeof "/bin/qmail-send"];
	size_t n = strlen(directory);

	memcpy(path, directory, n);
	memcpy(path + n, "/bin/qmail-send", sizeof "/bin/qmail-send");
	return access(path, F_OK) == 0;
}

static int queue_is_foreign(void)
{
	char path[PATH_MAX];

	if (!resolve(path, "queue") || is_below(path, "."))
		return 0;
	*strrchr(path, '/') = 0;
	return has_programs(path);
}

char const *elsewhere_why(void)
{
	char const *program = getenv("QMAILLOCAL");
	struct stat st;

	if (program && *program)
		return "QMAILLOCAL is set: another program delivers";
	if (queue_program_is_foreign())
		return "bin/qmail-queue leads out of this home: another one delivers";
	if (queue_is_foreign())
		return "queue leads to another home, which delivers";
	if (lstat("control/queueroutes", &st) == 0)
		return "there is control/queueroutes: another home may deliver";
	return 0;
}

int elsewhere_now(int64_t now)
{
	static char const *why;
	static int64_t looked;
	char const *before = why;

	if (looked && now - looked < MILLISECONDS)
		return why != 0;
	looked = now;
	why = elsewhere_why();
	if (why && why != before)
		strerr_warnw(why, ": every local recipient is taken, and qmail-rcptd is of no use here");
	if (!why && before)
		strerr_warni("recipients that are nobody's are refused again: what was in the way of it is gone");
	return why != 0;
}
