/* SPDX-License-Identifier: ISC */

#include "view.h"

#include <string.h>
#include <time.h>

/* What has been in use becomes what was before, unless there is something older that still counts. */
static void set_aside(view *v, int64_t now)
{
	if (v->now.unread || !v->looked) {
		tables_free(&v->now);
		return;
	}
	if (v->before_until)
		tables_free(&v->now);
	else
		v->before = v->now;
	v->before_until = now + VIEW_BEFORE_MILLISECONDS;
}

static void forget_before(view *v, int64_t now)
{
	if (!v->before_until || now < v->before_until)
		return;
	tables_free(&v->before);
	v->before_until = 0;
}

int view_refresh(view *v, int64_t now)
{
	tables_stamp stamp;
	tables_stamp after;

	if (v->looked && now - v->looked < VIEW_LOOK_MILLISECONDS)
		return 0;
	forget_before(v, now);
	tables_look(&stamp);
	if (v->looked && !v->now.unread && tables_same(&stamp, &v->stamp)) {
		v->stamp.directory = stamp.directory;
		v->changing = 0;
		v->looked = now;
		return 0;
	}
	set_aside(v, now);
	tables_load(&v->now);
	tables_look(&after);
	v->changing = !tables_same(&stamp, &after);
	v->stamp = stamp;
	v->looked = now;
	return 1;
}

static int is_unsettled(view const *v)
{
	struct timespec now;

	return v->now.unread || v->changing || clock_gettime(CLOCK_REALTIME, &now) < 0 || tables_fresh(&v->stamp, now);
}

static int is_same(stralloc const *a, stralloc const *b)
{
	return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
}

view_answer view_rewrite(view *v, stralloc *out, char const *address, size_t n, int64_t now)
{
	rewrite_route route;
	rewrite_route other;

	if (is_unsettled(v))
		return VIEW_DOUBT;
	route = rewrite_address(&v->now.tables, out, address, n);
	if (route == REWRITE_NOMEM)
		return VIEW_DOUBT;
	if (v->before_until && now < v->before_until) {
		other = rewrite_address(&v->before.tables, &v->other, address, n);
		if (other != route || !is_same(out, &v->other))
			return VIEW_DOUBT;
	}
	return route == REWRITE_LOCAL ? VIEW_LOCAL : VIEW_REMOTE;
}

void view_free(view *v)
{
	tables_free(&v->now);
	if (v->before_until)
		tables_free(&v->before);
	stralloc_free(&v->other);
	*v = (view){ .looked = 0 };
}
