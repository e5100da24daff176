/* SPDX-License-Identifier: ISC */

#include "fallback.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/conf.h"

static char const file[] = "control/defaultdelivery";

/* Whether the process whose directory in /proc is dir runs this installation's qmail-lspawn, or did before that was
 * replaced. */
static int is_lspawn(int dir)
{
	static char const name[] = "/bin/qmail-lspawn";
	static char const replaced[] = " (deleted)";
	size_t home = strlen(conf_home);
	char exe[PATH_MAX];
	struct stat own;
	struct stat its;
	ssize_t r = readlinkat(dir, "exe", exe, sizeof exe - 1);

	/* By the file itself: the home may be known by another name. */
	if (r > 0 && stat("bin/qmail-lspawn", &own) == 0 && fstatat(dir, "exe", &its, 0) == 0
	 && own.st_dev == its.st_dev && own.st_ino == its.st_ino)
		return 1;
	if (r < (ssize_t)(home + sizeof name - 1))
		return 0;
	exe[r] = 0;
	return memcmp(exe, conf_home, home) == 0 && strncmp(exe + home, name, sizeof name - 1) == 0
		&& (!exe[home + sizeof name - 1] || strcmp(exe + home + sizeof name - 1, replaced) == 0);
}

/* The first argument of the process. */
static int take_argument(stralloc *sa, int dir)
{
	stralloc all = STRALLOC_ZERO;
	int fd = openat(dir, "cmdline", O_RDONLY | O_CLOEXEC);
	int ok = fd >= 0 && slurp(&all, fd);
	char const *end = ok && all.len ? memchr(all.s, 0, all.len) : 0;
	size_t first = end ? (size_t)(end - all.s) + 1 : all.len;

	if (fd >= 0)
		close(fd);
	/* Complete, with its NUL. */
	ok = first < all.len && memchr(all.s + first, 0, all.len - first) && stralloc_copys(sa, all.s + first) && stralloc_0(sa);
	stralloc_free(&all);
	return ok;
}

static int of_running(stralloc *sa)
{
	DIR *proc = geteuid() == 0 ? opendir("/proc") : 0;
	struct dirent *d;
	int found = 0;

	while (proc && !found && (d = readdir(proc))) {
		int dir = d->d_name[0] >= '1' && d->d_name[0] <= '9'
			? openat(dirfd(proc), d->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

		if (dir < 0)
			continue;
		found = is_lspawn(dir) && take_argument(sa, dir);
		close(dir);
	}
	if (proc)
		closedir(proc);
	return found;
}

int fallback_load(fallback *f)
{
	f->text.len = 0;
	f->file = 0;
	if (of_running(&f->text))
		return 1;
	f->file = file;
	/* As qmail-start reads it. */
	if (!openslurpclose(&f->text, file))
		f->text.len = 0;
	while (f->text.len > 0 && f->text.s[f->text.len - 1] == '\n')
		f->text.len--;
	return f->text.len == 0 || stralloc_0(&f->text);
}
