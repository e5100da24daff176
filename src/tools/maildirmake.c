/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <sys/stat.h>

#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>

#include "base/sync.h"

#define USAGE "maildirmake name"

char const *PROG = "maildirmake";

enum { EXIT_PERM = 100, EXIT_TEMP = 111 };

static char const *path(char const *dir, char const *sub)
{
	static stralloc sa = STRALLOC_ZERO;

	if (!stralloc_copys(&sa, dir) || !stralloc_cats(&sa, sub) || !stralloc_0(&sa))
		strerr_dief(EXIT_TEMP, "out of memory");
	return sa.s;
}

static void make(char const *dir)
{
	if (mkdir(dir, 0700) < 0)
		strerr_diefusys(EXIT_TEMP, "mkdir ", dir);
}

/* qmail-local makes the names of messages durable, not those of the directories they are in. One that may
 * not be listed, or that cannot be flushed, is not our fault. */
static void keep(char const *dir)
{
	if (!sync_dir(dir) && errno != EACCES && errno != EINVAL)
		strerr_diefusys(EXIT_TEMP, "sync ", dir);
}

int main(int argc, char const *const *argv)
{
	static char const *const subs[] = { "/tmp", "/new", "/cur" };
	size_t i;

	if (argc < 2)
		strerr_dieusage(EXIT_PERM, USAGE);
	umask(077);
	make(argv[1]);
	for (i = 0; i < sizeof subs / sizeof subs[0]; i++)
		make(path(argv[1], subs[i]));
	keep(argv[1]);
	keep(path(argv[1], "/.."));
	return 0;
}
