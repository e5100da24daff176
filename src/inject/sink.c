/* SPDX-License-Identifier: ISC */

#include "inject/sink.h"

#include <errno.h>
#include <string.h>

#include "base/io.h"

int sink_open(sink *k, int queue, fault *f)
{
	k->queue = queue;
	k->failed = 0;
	k->n = 0;
	k->open = !queue || qq_open(&k->qq);
	return k->open || fault_errno(f, FAULT_RUN);
}

static void flush(sink *k)
{
	if (!k->failed && !io_writeall(1, k->buf, k->n)) {
		k->failed = 1;
		k->error = errno;
	}
	k->n = 0;
}

void sink_put(sink *k, char const *s, size_t n)
{
	if (k->queue) {
		qq_put(&k->qq, s, n);
		return;
	}
	while (n > 0 && !k->failed) {
		size_t room = sizeof k->buf - k->n;
		size_t m = n < room ? n : room;

		memcpy(k->buf + k->n, s, m);
		k->n += m;
		s += m;
		n -= m;
		if (k->n == sizeof k->buf)
			flush(k);
	}
}

void sink_puts(sink *k, char const *s)
{
	sink_put(k, s, strlen(s));
}

int sink_close(sink *k, char const *sender, recipients const *r, recipients_list const *lists, fault *f)
{
	char const *text;

	if (!k->queue) {
		flush(k);
		errno = k->error;
		return !k->failed || fault_errno(f, FAULT_WRITE);
	}
	qq_from(&k->qq, sender, strlen(sender));
	for (; *lists != RECIPIENTS_LISTS; lists++) {
		char const *address;
		size_t i = 0;

		while ((address = recipients_next(r, *lists, &i)) != 0)
			qq_to(&k->qq, address, strlen(address));
	}
	text = qq_close(&k->qq);
	return !*text || fault_set(f, FAULT_QUEUE, text, strlen(text));
}

void sink_abandon(sink *k)
{
	if (!k->open || !k->queue)
		return;
	qq_fail(&k->qq);
	qq_close(&k->qq);
}
