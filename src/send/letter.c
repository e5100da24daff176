/* SPDX-License-Identifier: ISC */

#include "send/letter.h"

#include <stdint.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/stralloc.h>

#include "base/io.h"
#include "mail/bounce.h"
#include "proto/qq.h"
#include "send/controls.h"

/* The first max bytes of a file, closing it. */
static void put_start(qq *q, int fd, uint64_t max)
{
	char block[8192];

	while (max) {
		ssize_t r = io_read(fd, block, max < sizeof block ? (size_t)max : sizeof block, 0);

		if (r <= 0) {
			if (r < 0)
				qq_fail(q);
			break;
		}
		qq_put(q, block, (size_t)r);
		max -= (uint64_t)r;
	}
	close(fd);
}

static void put_or_fail(qq *q, stralloc *sa, int ok)
{
	if (ok)
		qq_put(q, sa->s, sa->len);
	else
		qq_fail(q);
	stralloc_free(sa);
}

static void put_message(qq *q, int fd)
{
	uint64_t max = controls.bouncemaxbytes ? controls.bouncemaxbytes : UINT64_MAX;
	stralloc sa = STRALLOC_ZERO;
	struct stat st;

	if (fd < 0) {
		put_or_fail(q, &sa, bounce_missing(&sa));
	} else if (fstat(fd, &st) < 0) {
		qq_fail(q);
		close(fd);
	} else {
		put_start(q, fd, max);
		if ((uint64_t)st.st_size > max)
			put_or_fail(q, &sa, bounce_cut(&sa, (uint64_t)st.st_size));
	}
}

static void put_text(qq *q, int (*put)(stralloc *, bounce_letter const *), bounce_letter const *l)
{
	stralloc sa = STRALLOC_ZERO;

	put_or_fail(q, &sa, put(&sa, l));
}

static bounce_letter address(char const *sender, size_t n)
{
	bounce_letter l = {
		.date = time(0),
		.from = controls.bouncefrom.s, .fromlen = controls.bouncefrom.len,
		.host = controls.bouncehost.s, .hostlen = controls.bouncehost.len,
		.to = sender, .tolen = n, .sender = sender, .senderlen = n,
	};

	if (n == 0) {
		l.to = controls.doublebounceto.s;
		l.tolen = controls.doublebounceto.len;
	}
	return l;
}

letter_result letter_send(char const *sender, size_t n, int notes, int message)
{
	static qq q;
	bounce_letter const l = address(sender, n);

	if (!qq_open(&q)) {
		close(notes);
		if (message >= 0)
			close(message);
		return (letter_result){ .outcome = LETTER_NOT_STARTED, .qp = 0 };
	}
	put_text(&q, bounce_head, &l);
	put_start(&q, notes, UINT64_MAX);
	put_text(&q, bounce_foot, &l);
	put_message(&q, message);
	if (l.senderlen)
		qq_from(&q, "", 0);
	else
		qq_from(&q, "#@[]", 4);
	qq_to(&q, l.to, l.tolen);
	if (*qq_close(&q))
		return (letter_result){ .outcome = LETTER_FAILED, .qp = 0 };
	return (letter_result){ .outcome = LETTER_SENT, .qp = qq_qp(&q) };
}
