/* SPDX-License-Identifier: ISC */

#include "send/sweep.h"

#include <dirent.h>
#include <sys/stat.h>

#include "send/cleaner.h"
#include "send/queuefile.h"
#include "send/wall.h"

/* qmail-queue gives up after 86400 seconds; by 129600 it is certainly gone. */
enum { SWEEP_SECONDS = 76431, OLD_SECONDS = 129600, ROOM_LEFT = 64 };

static DIR *dir;
static unsigned int subdir;
static int sweeping;
static int64_t due;

/* Neither time alone is enough: reading may not move the one (noatime), nothing else the other. */
static int is_old(uint64_t id, int64_t now)
{
	struct stat st;
	int64_t last;

	if (stat(queuefile_name(QPATH_MESS, id), &st) < 0)
		return 0;
	last = st.st_atime > st.st_mtime ? st.st_atime : st.st_mtime;
	return now > wall_time(last) + OLD_SECONDS;
}

static void look_at(uint64_t id, int64_t now)
{
	if (!cleaner_has(id) && is_old(id, now) && queuefile_exists(QPATH_INFO, id, 0) == 0 && queuefile_exists(QPATH_TODO, id, 0) == 0)
		cleaner_ask(CLEAN_FOOP, id, 0);
}

/* The next subdirectory; one that cannot be opened has its turn in the next sweep. */
static void open_next(int64_t now)
{
	char name[QPATH_FMT];

	if (subdir >= queuefile_layout()->split) {
		sweeping = 0;
		due = now + SWEEP_SECONDS;
		return;
	}
	qpath_dir_fmt(name, queuefile_layout(), QPATH_MESS, subdir++);
	dir = opendir(name);
}

void sweep_follow(int64_t by)
{
	if (due)
		due += by;
}

void sweep_selprep(turn *t)
{
	if (turn_stopping())
		return;
	if (sweeping && cleaner_room() > ROOM_LEFT)
		turn_now(t);
	else if (!sweeping)
		turn_wake(t, due);
}

void sweep_do(turn const *t)
{
	struct dirent *e;
	uint64_t id;

	if (turn_stopping() || cleaner_room() <= ROOM_LEFT)
		return;
	if (!sweeping) {
		if (t->now < due)
			return;
		sweeping = 1;
		subdir = 0;
	}
	if (!dir) {
		open_next(t->now);
		return;
	}
	e = readdir(dir);
	if (!e) {
		closedir(dir);
		dir = 0;
	} else if (qpath_scan(e->d_name, &id)) {
		look_at(id, t->now);
	}
}
