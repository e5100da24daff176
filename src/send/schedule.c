/* SPDX-License-Identifier: ISC */

#include "send/schedule.h"

#include "base/heap.h"
#include "send/log.h"

static int64_t const steps[CHANNELS] = { [CHANNEL_LOCAL] = 10, [CHANNEL_REMOTE] = 20 };

/* Of so many passes one is for an old message, when both kinds are due. */
enum { RETRY_SHARE = 4 };

static heap waiting[CHANNELS][SCHEDULE_NEW + 1];
static unsigned int turns[CHANNELS];
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

static void insert(heap *h, int64_t when, uint64_t id)
{
	while (!heap_insert(h, when, id))
		log_nomem();
}

static int is_due(heap const *h, int64_t now)
{
	heap_entry const *e = heap_min(h);

	return e && e->when <= now;
}

static int remove_first(heap *h, uint64_t *id, int64_t *when)
{
	heap_entry const *e = heap_min(h);

	if (!e)
		return 0;
	*id = e->id;
	*when = e->when;
	heap_remove(h);
	return 1;
}

void schedule_wait(channel c, schedule_age age, int64_t when, uint64_t id)
{
	insert(&waiting[c][age], when, id);
}

int schedule_pass(channel c, schedule_age least, int64_t now, uint64_t *id, schedule_age *age)
{
	int new_due = is_due(&waiting[c][SCHEDULE_NEW], now);
	int retry_due = least == SCHEDULE_RETRY && is_due(&waiting[c][SCHEDULE_RETRY], now);
	int64_t when;

	if (new_due && retry_due) {
		turns[c] = (turns[c] + 1) % RETRY_SHARE;
		new_due = turns[c] != 0;
	}
	if (!new_due && !retry_due)
		return 0;
	*age = new_due ? SCHEDULE_NEW : SCHEDULE_RETRY;
	return remove_first(&waiting[c][*age], id, &when);
}

int schedule_pass_due(channel c, schedule_age least, int64_t now)
{
	return is_due(&waiting[c][SCHEDULE_NEW], now) || (least == SCHEDULE_RETRY && is_due(&waiting[c][SCHEDULE_RETRY], now));
}

int schedule_pass_first(channel c, schedule_age least, int64_t *when)
{
	heap_entry const *a = heap_min(&waiting[c][SCHEDULE_NEW]);
	heap_entry const *b = least == SCHEDULE_RETRY ? heap_min(&waiting[c][SCHEDULE_RETRY]) : 0;
	heap_entry const *e = !a || (b && b->when < a->when) ? b : a;

	if (e)
		*when = e->when;
	return e != 0;
}

int schedule_drain(channel c, uint64_t *id, int64_t *when)
{
	return remove_first(&waiting[c][SCHEDULE_NEW], id, when) || remove_first(&waiting[c][SCHEDULE_RETRY], id, when);
}

void schedule_hurry(int64_t now)
{
	channel c;

	for (c = CHANNEL_LOCAL; c <= CHANNEL_REMOTE; c++) {
		heap_all(&waiting[c][SCHEDULE_NEW], now);
		heap_all(&waiting[c][SCHEDULE_RETRY], now);
	}
}

void schedule_set_back(int64_t by)
{
	channel c;
	int l;

	for (c = CHANNEL_LOCAL; c <= CHANNEL_REMOTE; c++) {
		heap_shift(&waiting[c][SCHEDULE_NEW], -by);
		heap_shift(&waiting[c][SCHEDULE_RETRY], -by);
	}
	for (l = 0; l < SCHEDULE_LISTS; l++)
		heap_shift(&lists[l], -by);
}

void schedule_add(schedule_list l, int64_t when, uint64_t id)
{
	insert(&lists[l], when, id);
}

int schedule_take(schedule_list l, int64_t now, uint64_t *id)
{
	int64_t when;

	return is_due(&lists[l], now) && remove_first(&lists[l], id, &when);
}

int schedule_first(schedule_list l, int64_t *when)
{
	heap_entry const *e = heap_min(&lists[l]);

	if (e)
		*when = e->when;
	return e != 0;
}
