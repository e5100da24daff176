/* SPDX-License-Identifier: ISC */

#include "keep.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <skalibs/stralloc.h>

#include "proto/kept.h"

/* One that was asked to stay. */
typedef struct stayer
{
	pid_t pid;              /* 0: no such one */
	int fd;                 /* our end of the socket */
	int idle;               /* it has said that it is done */
	stralloc place;         /* NUL-terminated */
	dev_t dev;              /* of its program: what the admin puts in its place counts at once */
	ino_t ino;
	struct timespec changed;
} stayer;

enum { FDS_SHARE = 8 };         /* of so many descriptors one may be theirs */

enum { RECENT = 256, HASH_START = 5381, HASH_FACTOR = 33 };

static stayer stayers[KEEP_MOST];
static int offered = -1;        /* our end, from keep_offer to keep_started */

/* When a process last got mail for the places with this hash, behind how many others. Another place with the same
 * hash costs an offer. */
static struct { uint32_t hash; unsigned int behind; uint64_t when; } recent[RECENT];

static int is_often(char const *place, uint64_t now)
{
	uint32_t hash = HASH_START;
	unsigned int i;

	for (; *place; place++)
		hash = hash * HASH_FACTOR ^ (unsigned char)*place;
	i = hash % RECENT;
	if (recent[i].hash == hash && recent[i].when && now - recent[i].when <= KEEP_OFTEN)
		recent[i].behind += recent[i].behind < KEEP_AFTER;
	else
		recent[i].behind = 0;
	recent[i].hash = hash;
	recent[i].when = now;
	return recent[i].behind == KEEP_AFTER;
}

static stayer *find(pid_t pid)
{
	unsigned int i;

	for (i = 0; i < KEEP_MOST; i++)
		if (stayers[i].pid == pid)
			return stayers + i;
	return 0;
}

static void forget(stayer *s)
{
	close(s->fd);
	stralloc_free(&s->place);
	*s = (stayer){ .pid = 0 };
}

static int is_same(stayer const *s, struct stat const *st)
{
	return s->dev == st->st_dev && s->ino == st->st_ino
		&& s->changed.tv_sec == st->st_ctim.tv_sec && s->changed.tv_nsec == st->st_ctim.tv_nsec;
}

pid_t keep_take(loop_job const *job, char const *place, struct stat const *st, uint64_t now)
{
	unsigned int i;

	for (i = 0; i < KEEP_MOST; i++) {
		stayer *s = stayers + i;

		if (!s->pid || !s->idle || strcmp(s->place.s, place) != 0)
			continue;
		if (is_same(s, st) && kept_put(s->fd, job->recipient + job->at + 1, job->sender, job->recipients,
		 job->message, job->output)) {
			s->idle = 0;
			(void)is_often(place, now);
			return s->pid;
		}
		/* It ends when it sees the end of the socket; what it was may not be asked any more. */
		forget(s);
	}
	return 0;
}

/* Those who stay must not take the descriptors of deliveries. */
static int has_room(void)
{
	unsigned int n = 0;
	struct rlimit r;
	unsigned int i;

	for (i = 0; i < KEEP_MOST; i++)
		n += stayers[i].pid != 0;
	return n < KEEP_MOST && getrlimit(RLIMIT_NOFILE, &r) == 0 && n < r.rlim_cur / FDS_SHARE;
}

int keep_offer(char const *place, uint64_t now)
{
	int ends[2];

	if (!is_often(place, now) || !has_room() || !kept_pair(ends))
		return -1;
	offered = ends[0];
	return ends[1];
}

void keep_started(pid_t pid, char const *place, struct stat const *st)
{
	stayer *s = find(0);

	if (offered < 0)
		return;
	if (s && pid && stralloc_copys(&s->place, place) && stralloc_0(&s->place)) {
		s->pid = pid;
		s->fd = offered;
		s->dev = st->st_dev;
		s->ino = st->st_ino;
		s->changed = st->st_ctim;
	} else {
		close(offered);
	}
	offered = -1;
}

int keep_stays(pid_t pid)
{
	stayer *s = find(pid);

	if (!s || s->idle || !kept_done_get(s->fd))
		return 0;
	s->idle = 1;
	return 1;
}

void keep_gone(pid_t pid)
{
	stayer *s = find(pid);

	if (s)
		forget(s);
}
