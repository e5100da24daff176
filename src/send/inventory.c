/* SPDX-License-Identifier: ISC */

#include "send/inventory.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#include <skalibs/stralloc.h>

#include "send/damage.h"
#include "send/log.h"
#include "send/queuefile.h"
#include "send/schedule.h"

/* Longer nobody waits, seconds: a time further ahead is that of a clock that went wrong. */
enum { WAIT_MAX = 30 * 86400 };

static int exists(qpath_kind k, uint64_t id, int64_t *mtime)
{
	int r = queuefile_exists(k, id, mtime);

	if (r < 0)
		log_line("warning: unable to stat ", queuefile_name(k, id), "; will try again later");
	return r;
}

/* Both channels are known before either is scheduled: a message is in each list at most once. */
static void add(uint64_t id, int64_t now)
{
	int there[CHANNELS] = { 0, 0 };
	int64_t due[CHANNELS] = { 0, 0 };
	int todo = exists(QPATH_TODO, id, 0);
	channel c;

	if (todo > 0)
		return;         /* not preprocessed yet: whatever else is there is a left-over */
	for (c = CHANNEL_LOCAL; todo == 0 && c <= CHANNEL_REMOTE; c++) {
		there[c] = exists(channel_kind(c), id, &due[c]);
		if (there[c] < 0)
			todo = -1;
	}
	if (todo < 0) {
		schedule_add(SCHEDULE_UNSURE, now + SCHEDULE_TROUBLE, id);
		return;
	}
	for (c = CHANNEL_LOCAL; c <= CHANNEL_REMOTE; c++)
		if (there[c])
			schedule_wait(c, SCHEDULE_RETRY, due[c] > now + WAIT_MAX ? now : due[c], id);
	if (!there[CHANNEL_LOCAL] && !there[CHANNEL_REMOTE])
		schedule_add(SCHEDULE_DONE, now, id);
}

/* The numbers in a directory, one behind the other. 0 when it could not be read to its end: then *ids is
 * what was found and not to be used, since nothing tells what is missing. */
static int list(stralloc *ids, char const *name)
{
	struct dirent *e;
	uint64_t id;
	DIR *d = opendir(name);
	int ok;

	ids->len = 0;
	if (!d)
		return 0;
	while ((errno = 0, e = readdir(d)))
		if (qpath_scan(e->d_name, &id)) {
			while (!stralloc_catb(ids, (char const *)&id, sizeof id))
				log_nomem();
		} else if (e->d_name[0] != '.') {
			damage_note_name(name, e->d_name, "is not named as a message: passed over");
		}
	ok = errno == 0;
	closedir(d);
	return ok;
}

static void load_dir(char const *name, int64_t now)
{
	static stralloc ids = STRALLOC_ZERO;
	size_t i;

	while (!list(&ids, name))
		log_pause("alert: unable to opendir ", name, ", sleeping...");
	for (i = 0; i < ids.len; i += sizeof(uint64_t)) {
		uint64_t id;

		memcpy(&id, ids.s + i, sizeof id);
		add(id, now);
	}
	stralloc_free(&ids);
}

/* A message gets its names in these by link(2). Nothing is wrong with what is there, but nothing new comes. */
static void note_parted(void)
{
	static char const *const others[] = { "pid", "intd", "todo" };
	struct stat mess;
	struct stat other;
	unsigned int i;

	if (stat("mess", &mess) < 0)
		return;
	for (i = 0; i < sizeof others / sizeof *others; i++)
		if (stat(others[i], &other) == 0 && other.st_dev != mess.st_dev)
			damage_note_name("", others[i], "is on another file system than queue/mess: no mail is accepted until both are on one");
}

void inventory_load(void)
{
	char name[QPATH_FMT];
	int64_t now = time(0);
	unsigned int i;

	note_parted();
	for (i = 0; i < queuefile_layout()->split; i++) {
		qpath_dir_fmt(name, queuefile_layout(), QPATH_INFO, i);
		load_dir(name, now);
	}
}

void inventory_selprep(turn *t)
{
	int64_t when;

	if (schedule_first(SCHEDULE_UNSURE, &when))
		turn_wake(t, when);
}

void inventory_do(turn const *t)
{
	uint64_t id;

	if (schedule_take(SCHEDULE_UNSURE, t->now, &id))
		add(id, t->now);
}

void inventory_save(void)
{
	channel c;
	uint64_t id;
	int64_t when;

	for (c = CHANNEL_LOCAL; c <= CHANNEL_REMOTE; c++)
		while (schedule_drain(c, &id, &when)) {
			struct timeval tv[2] = { { .tv_sec = when, .tv_usec = 0 }, { .tv_sec = when, .tv_usec = 0 } };

			if (utimes(queuefile_name(channel_kind(c), id), tv) < 0)
				log_line("warning: unable to utime ", queuefile_name(channel_kind(c), id),
					"; message will be retried too soon");
		}
}
