/* SPDX-License-Identifier: ISC */

#include "forward.h"

#include <string.h>

#include "message.h"
#include "proto/qq.h"

enum { BLOCK = 65536 };

static void put_message(qq *q, delivery const *d)
{
	static char block[BLOCK];
	ssize_t r;

	qq_put(q, d->dtline.s, d->dtline.len);
	while ((r = message_read(block, sizeof block)) > 0)
		qq_put(q, block, (size_t)r);
	if (r < 0)
		qq_fail(q);
}

int forward_send(outcome *o, delivery const *d, stralloc const *list, unsigned long *qp)
{
	static qq q;
	char const *trouble;
	size_t i;

	if (!message_rewind(o))
		return 0;
	if (!qq_open(&q))
		return outcome_defer(o, "Unable to fork", "", "4.3.0");
	put_message(&q, d);
	qq_from(&q, d->newsender.s, d->newsender.len);
	for (i = 0; i < list->len; i += strlen(list->s + i) + 1)
		qq_to(&q, list->s + i, strlen(list->s + i));
	trouble = qq_close(&q);
	*qp = qq_qp(&q);
	if (*trouble)
		return outcome_set(o, *trouble == 'D' ? OUTCOME_FAILED : OUTCOME_DEFERRED,
			"Unable to forward message: ", trouble + 1, ".", (char *)0);
	return 1;
}
