/* SPDX-License-Identifier: ISC */

#include "send/schedule.h"

#include "base/heap.h"
#include "send/log.h"

static int64_t const steps[CHANNELS] = { [CHANNEL_LOCAL] = 10, [CHANNEL_REMOTE] = 20 };

static heap lists[SCHEDULE_LISTS];

qpath_kind channel_kind(channel c)
{
	return c == CHANNEL_LOCAL ? QPATH_LOCAL : QPATH_REMOTE;
}

char const *channel_name(channel c)
{
	return c == CHANNEL_LOCAL ? "local" : "remote";
}

/* The largest r with r * r <= n. */
static int64_t square_root(int64_t n)
{
	int64_t r = 0;
	int64_t bit = (int64_t)1 << 30;

	for (; bit; bit >>= 1)
		if ((r + bit) <= n / (r + bit))
			r += bit;
	return r;
}

int64_t schedule_retry(int64_t birth, int64_t now, channel c)
{
	int64_t n = (birth > now ? 0 : square_root(now - birth)) + steps[c];

	return birth + n * n;
}

int schedule_dying(int64_t birth, int64_t now, unsigned int lifetime)
{
	return now > birth + (int64_t)lifetime;
}

schedule_list schedule_of(channel c)
{
	return c == CHANNEL_LOCAL ? SCHEDULE_LOCAL : SCHEDULE_REMOTE;
}

void schedule_add(schedule_list l, int64_t when, uint64_t id)
{
	while (!heap_insert(&lists[l], when, id))
		log_nomem();
}

int schedule_take(schedule_list l, int64_t now, uint64_t *id, int64_t *when)
{
	heap_entry const *e = heap_min(&lists[l]);

	if (!e || e->when > now)
		return 0;
	*id = e->id;
	*when = e->when;
	heap_remove(&lists[l]);
	return 1;
}

int schedule_due(schedule_list l, int64_t now)
{
	heap_entry const *e = heap_min(&lists[l]);

	return e && e->when <= now;
}

int schedule_first(schedule_list l, int64_t *when)
{
	heap_entry const *e = heap_min(&lists[l]);

	if (e)
		*when = e->when;
	return e != 0;
}

void schedule_hurry(int64_t now)
{
	heap_all(&lists[SCHEDULE_LOCAL], now);
	heap_all(&lists[SCHEDULE_REMOTE], now);
}
