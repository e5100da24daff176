/* SPDX-License-Identifier: ISC */

#include "sign.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include "base/moment.h"
#include "base/newer.h"
#include "base/running.h"
#include "recipient/tables.h"

static char const mutex[] = "queue/lock/sendmutex";

/* AHEAD: how far a sign may be from a clock that is right. */
enum { SENDER_MILLISECONDS = 1000, AHEAD_SECONDS = 2 };

/* ---- who it is */

typedef struct sender
{
	int found;
	int64_t began;                  /* milliseconds of the clock by which files are dated; no later than it did */
} sender;

/* PID MAJOR:MINOR:INODE, the two in the middle hexadecimal; 1 if *s starts so. */
static int lock_parse(char const *s, unsigned int *pid, unsigned int *major, unsigned int *minor, uint64_t *inode)
{
	size_t n = uint_scan(s, pid);

	if (!n || s[n] != ' ')
		return 0;
	s += n + 1;
	n = uint_xscan(s, major);
	if (!n || s[n] != ':')
		return 0;
	s += n + 1;
	n = uint_xscan(s, minor);
	return n && s[n] == ':' && uint64_scan(s + n + 1, inode);
}

pid_t sign_lock_owner(char const *line, dev_t dev, ino_t ino, int *same)
{
	static char const write_lock[] = " WRITE ";
	char const *at = strstr(line, ": FLOCK ");
	unsigned int major;
	unsigned int minor;
	unsigned int pid;
	uint64_t inode;

	at = at ? strstr(at, write_lock) : 0;
	if (!at || !lock_parse(at + sizeof write_lock - 1, &pid, &major, &minor, &inode) || !pid || pid > INT_MAX || inode != ino)
		return 0;
	*same = major == major(dev) && minor == minor(dev);
	return (pid_t)pid;
}

static pid_t find_owner(struct stat const *st)
{
	FILE *f = fopen("/proc/locks", "re");
	char line[256];
	pid_t found = 0;
	int same = 0;

	while (f && !same && fgets(line, sizeof line, f)) {
		pid_t pid = sign_lock_owner(line, st->st_dev, st->st_ino, &same);

		if (pid)
			found = pid;
	}
	if (f)
		fclose(f);
	return found;
}

static int find_began(int64_t *began, pid_t pid)
{
	running r;
	int ok;

	if (!running_open(&r, pid))
		return 0;
	ok = running_began(&r, began);
	running_end(&r);
	return ok;
}

/* The one that holds the lock, seen again each second. */
static sender const *find_sender(struct stat const *st, int64_t now)
{
	static sender known;
	static int64_t looked;
	pid_t pid;

	if (looked && now - looked < SENDER_MILLISECONDS)
		return &known;
	looked = now;
	pid = find_owner(st);
	known.found = pid > 0 && find_began(&known.began, pid);
	return &known;
}

/* ---- the files */

/* When those that are gone went away, at the latest: their directory has changed then. */
static struct timespec gone[TABLES_FILES];

static void note_gone(void)
{
	static tables_stamp before;
	tables_stamp stamp;
	int i;

	tables_look(&stamp);
	for (i = 0; i < TABLES_FILES; i++)
		if (stamp.st[i].st_ino)
			gone[i] = (struct timespec){ .tv_sec = 0 };
		else if (before.st[i].st_ino)
			gone[i] = stamp.directory.st_mtim;
	before = stamp;
}

static int is_newer(char const *file, int flags, struct timespec than)
{
	struct stat st;

	if (fstatat(AT_FDCWD, file, &st, flags) < 0)
		return errno != ENOENT;
	return newer_time(st.st_mtim, than) || newer_time(st.st_ctim, than);
}

/* A link that leads to an old file is new all the same. */
static int has_changed(int i, struct timespec since)
{
	char const *name = tables_name(i);

	return is_newer(name, 0, since) || is_newer(name, AT_SYMLINK_NOFOLLOW, since) || newer_time(gone[i], since);
}

/* The number of the first that has changed since it was read, or TABLES_FILES. */
static int find_changed(struct timespec sign, struct timespec start)
{
	int i;

	for (i = 0; i < TABLES_FILES; i++)
		if (has_changed(i, tables_reread(i) ? sign : start))
			return i;
	return TABLES_FILES;
}

static void tell(int changed)
{
	static int told = TABLES_FILES;

	if (changed < TABLES_FILES && changed != told)
		strerr_warnw(tables_name(changed), " has changed since qmail-send began to read it: every local recipient is"
			" taken until qmail-send ", tables_reread(changed) ? "gets SIGHUP and obeys it" : "is started anew");
	if (changed == TABLES_FILES && told < TABLES_FILES)
		strerr_warni("recipients that are nobody's are refused again: qmail-send has read the control files");
	told = changed;
}

/* A sign that the clock has not come to yet covers what may change meanwhile. */
static int is_ahead(struct timespec sign)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) < 0)
		return 1;
	now.tv_sec += AHEAD_SECONDS;
	return newer_time(sign, now);
}

int sign_covers(int64_t now)
{
	struct stat st;
	sender const *s;
	int changed;

	note_gone();
	if (stat(mutex, &st) < 0)
		return 1;
	s = find_sender(&st, now);
	/* Ours has given one since it began. When none runs, the next one will; when it is known that this one does not, others
	 * have to be patient (view.h). */
	if (s->found && newer_time(moment_time(s->began), st.st_mtim))
		return 1;
	if (is_ahead(st.st_mtim))
		return 0;
	changed = find_changed(st.st_mtim, s->found ? moment_time(s->began + RUNNING_TICK) : st.st_mtim);
	tell(changed);
	return changed == TABLES_FILES;
}
