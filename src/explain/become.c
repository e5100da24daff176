/* SPDX-License-Identifier: ISC */

#include "become.h"

#include <errno.h>

#include "recipient/asuser.h"

typedef struct task
{
	become_work *work;
	void *data;
} task;

static int look(stralloc *out, void *data)
{
	task const *t = data;
	steps found = STEPS_ZERO;

	t->work(&found, t->data);
	*out = found.data;
	return !found.failed;
}

int become_run(steps *s, uid_t uid, gid_t gid, unsigned int seconds, become_work *work, void *data)
{
	task t = { .work = work, .data = data };
	stralloc found = STRALLOC_ZERO;
	int ok = asuser_run(&found, uid, gid, seconds, look, &t);

	if (ok && !steps_take(s, found.s, found.len)) {
		errno = EPROTO;
		ok = 0;
	}
	stralloc_free(&found);
	return ok;
}
