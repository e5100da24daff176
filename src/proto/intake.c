/* SPDX-License-Identifier: ISC */

#include "proto/intake.h"

#include "base/guard.h"

static int put_received(intake *t, received const *from, int64_t now)
{
	stralloc field = STRALLOC_ZERO;
	int ok = received_put(&field, from, now);

	if (ok)
		qq_put(&t->queue, field.s, field.len);
	stralloc_free(&field);
	return ok;
}

int intake_open(intake *t, received const *from, int64_t now, uint64_t limit)
{
	int ok;

	t->hops = (hops)HOPS_ZERO;
	t->size = 0;
	t->limit = limit;
	guard_lift();
	ok = qq_open(&t->queue);
	guard_set();
	if (ok && !put_received(t, from, now)) {
		qq_fail(&t->queue);
		qq_close(&t->queue);
		ok = 0;
	}
	return ok;
}

int intake_looping(intake const *t)
{
	return hops_looping(&t->hops);
}

int intake_too_large(intake const *t)
{
	return t->limit && t->size > t->limit;
}

void intake_text(intake *t, char const *s, size_t n)
{
	t->size += n;
	if (intake_too_large(t) || intake_looping(t))
		qq_fail(&t->queue);
	qq_put(&t->queue, s, n);
}

char const *intake_refusal(intake const *t)
{
	if (intake_looping(t))
		return "too many hops, this message is looping (#5.4.6)";
	if (intake_too_large(t))
		return "sorry, that message size exceeds my databytes limit (#5.3.4)";
	return 0;
}
