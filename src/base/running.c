/* SPDX-License-Identifier: ISC */

#include "base/running.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/types.h>

#include "base/conf.h"
#include "base/moment.h"
#include "base/samefile.h"

int running_start(running *r)
{
	*r = (running){ .proc = opendir("/proc"), .dir = -1, .pid = 0 };
	return r->proc != 0;
}

int running_open(running *r, pid_t pid)
{
	static char const proc[] = "/proc/";
	char path[sizeof proc + INT_FMT] = "/proc/";

	path[sizeof proc - 1 + int_fmt(path + sizeof proc - 1, pid)] = 0;
	*r = (running){ .proc = 0, .dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .pid = pid };
	return r->dir >= 0;
}

int running_next(running *r)
{
	struct dirent *d;

	if (r->dir >= 0)
		close(r->dir);
	r->dir = -1;
	while (r->dir < 0 && (d = readdir(r->proc))) {
		unsigned int pid;

		if (uint0_scan(d->d_name, &pid) && pid > 0 && pid <= INT_MAX) {
			r->pid = (pid_t)pid;
			r->dir = openat(dirfd(r->proc), d->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		}
	}
	return r->dir >= 0;
}

void running_end(running *r)
{
	if (r->dir >= 0)
		close(r->dir);
	r->dir = -1;
	if (r->proc)
		closedir(r->proc);
}

int running_is(running const *r, char const *name)
{
	static char const replaced[] = " (deleted)";
	size_t home = strlen(conf_home);
	size_t n = strlen(name);
	char exe[PATH_MAX];
	struct stat own;
	struct stat its;
	ssize_t len = readlinkat(r->dir, "exe", exe, sizeof exe - 1);

	/* By the file itself: the home may be known by another name. */
	if (len > 0 && stat(name + 1, &own) == 0 && fstatat(r->dir, "exe", &its, 0) == 0
	 && samefile_is(&own, &its))
		return 1;
	if (len < (ssize_t)(home + n))
		return 0;
	exe[len] = 0;
	return memcmp(exe, conf_home, home) == 0 && strncmp(exe + home, name, n) == 0
		&& (!exe[home + n] || strcmp(exe + home + n, replaced) == 0);
}

/* A line of fdinfo tells of a lock through this very descriptor, and whose it is:
 * "lock:	1: FLOCK  ADVISORY  WRITE 1234 fd:01:5678 0 EOF". */
static int tells_lock(char const *info, pid_t pid)
{
	char const *at = info;

	while ((at = strstr(at, "lock:\t"))) {
		char const *kind = strstr(at, "FLOCK ");
		char const *end = strchr(at, '\n');
		char const *owner = kind ? strstr(kind, " WRITE ") : 0;
		unsigned int n;

		if (owner && (!end || owner < end) && uint_scan(owner + strlen(" WRITE "), &n) && n == (unsigned int)pid)
			return 1;
		at++;
	}
	return 0;
}

static int holds(running const *r, char const *fd)
{
	char path[64] = "fdinfo/";
	char info[4096];
	ssize_t len = 0;
	int in;

	if (strlen(fd) > sizeof path - sizeof "fdinfo/")
		return 0;
	memcpy(path + strlen("fdinfo/"), fd, strlen(fd) + 1);
	in = openat(r->dir, path, O_RDONLY | O_CLOEXEC);
	if (in >= 0) {
		len = read(in, info, sizeof info - 1);
		close(in);
	}
	if (len <= 0)
		return 0;
	info[len] = 0;
	return tells_lock(info, r->pid);
}

int running_locks(running const *r, struct stat const *st)
{
	int at = openat(r->dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *fds = at >= 0 ? fdopendir(at) : 0;
	struct dirent *d;
	int found = 0;

	if (!fds) {
		if (at >= 0)
			close(at);
		return 0;
	}
	while (!found && (d = readdir(fds))) {
		struct stat its;

		found = d->d_name[0] != '.' && fstatat(at, d->d_name, &its, 0) == 0
			&& samefile_is(&its, st) && holds(r, d->d_name);
	}
	closedir(fds);
	return found;
}

/* Fields with blanks between them; the second, the name in parentheses, may have any byte in it. */
int running_since_parse(char const *stat, uint64_t *ticks)
{
	enum { AFTER_NAME = 20 };       /* the 22nd */
	char const *at = strrchr(stat, ')');
	int field;

	for (field = 0; at && field < AFTER_NAME; field++) {
		at = strchr(at, ' ');
		if (at)
			at++;
	}
	return at && uint64_scan(at, ticks) > 0;
}

int running_since(running const *r, int64_t *milliseconds)
{
	int in = openat(r->dir, "stat", O_RDONLY | O_CLOEXEC);
	long rate = sysconf(_SC_CLK_TCK);
	char text[1024];
	ssize_t len = 0;
	uint64_t ticks;

	if (in >= 0) {
		len = read(in, text, sizeof text - 1);
		close(in);
	}
	if (len <= 0 || rate <= 0)
		return 0;
	text[len] = 0;
	if (!running_since_parse(text, &ticks))
		return 0;
	*milliseconds = (int64_t)(ticks * 1000 / (uint64_t)rate);
	return 1;
}

int running_began(running const *r, int64_t *milliseconds)
{
	int64_t since;

	if (!running_since(r, &since))
		return 0;
	*milliseconds = moment_now(CLOCK_REALTIME) - (moment_now(CLOCK_BOOTTIME) - since);
	return 1;
}
