/* SPDX-License-Identifier: ISC */

#include "inuse.h"

#include <string.h>
#include <sys/stat.h>

#include "base/moment.h"
#include "base/newer.h"
#include "base/running.h"

static struct { char const *name; inuse_status changed; } const files[] = {
	{ "control/locals", INUSE_HUP }, { "control/locals.cdb", INUSE_HUP },
	{ "control/virtualdomains", INUSE_HUP }, { "control/virtualdomains.cdb", INUSE_HUP },
	{ "control/emptyprefixlocal", INUSE_HUP }, { "control/concurrencydomains", INUSE_HUP },
	{ "control/queuelifetimes", INUSE_HUP },
	{ "control/bouncefrom", INUSE_RESTART }, { "control/bouncehost", INUSE_RESTART },
	{ "control/bouncemaxbytes", INUSE_RESTART }, { "control/concurrencylocal", INUSE_RESTART },
	{ "control/concurrencyremote", INUSE_RESTART }, { "control/doublebouncehost", INUSE_RESTART },
	{ "control/doublebounceto", INUSE_RESTART }, { "control/envnoathost", INUSE_RESTART },
	{ "control/percenthack", INUSE_RESTART }, { "control/queuelifetime", INUSE_RESTART },
};

void inuse_find(inuse *u)
{
	struct stat st;
	int64_t began = 0;
	running r;

	*u = (inuse){ .known = 0 };
	if (stat("queue/lock/sendmutex", &st) < 0 || !running_start(&r))
		return;
	while (!u->known && running_next(&r))
		u->known = running_locks(&r, &st) && running_began(&r, &began);
	running_end(&r);
	if (!u->known)
		return;
	/* One that does not keep the time has found it as it was before it began. */
	u->read = st.st_mtim;
	u->known = !newer_time(moment_time(began - RUNNING_TICK), u->read);
	u->started = moment_time(began + RUNNING_TICK);
}

/* A name that is given to another file is a change, too, and shows in its ctime. So does chmod, of which a restart is not
 * asked. */
inuse_status inuse_look(inuse const *u, char const *file)
{
	struct stat st;
	size_t i = 0;

	while (i < sizeof files / sizeof *files && strcmp(files[i].name, file) != 0)
		i++;
	if (!u->known || i == sizeof files / sizeof *files || stat(file, &st) < 0)
		return INUSE_CURRENT;
	if (files[i].changed == INUSE_RESTART)
		return newer_time(st.st_mtim, u->started) ? INUSE_RESTART : INUSE_CURRENT;
	return newer_time(st.st_mtim, u->read) || newer_time(st.st_ctim, u->read) ? INUSE_HUP : INUSE_CURRENT;
}

char const *inuse_file(size_t i)
{
	return i < sizeof files / sizeof *files ? files[i].name : 0;
}

char const *inuse_problem(inuse_status st)
{
	switch (st) {
	case INUSE_HUP:
		return "is newer than what qmail-send uses";
	case INUSE_RESTART:
		return "is newer than what qmail-send uses, which reads it at the start only";
	case INUSE_CURRENT:
		break;
	}
	return "";
}

char const *inuse_cure(inuse_status st)
{
	return st == INUSE_HUP ? "send HUP" : st == INUSE_RESTART ? "restart qmail-send" : "";
}
