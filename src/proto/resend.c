/* SPDX-License-Identifier: ISC */

#include "proto/resend.h"

#include <string.h>

#include "base/io.h"
#include "proto/qq.h"

enum { BLOCK = 32768 };

/* Relays refuse such an address, or drop it without a word; who wrote it has time to mend the command. */
static int has_empty(char const *const *recipients, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!*recipients[i])
			return 1;
	return 0;
}

static void put_message(qq *q, int fd, char const *dtline)
{
	char block[BLOCK];
	ssize_t r;

	qq_put(q, dtline, strlen(dtline));
	while ((r = io_read(fd, block, sizeof block, 0)) > 0)
		qq_put(q, block, (size_t)r);
	if (r < 0)
		qq_fail(q);
}

char const *resend_message(int fd, char const *dtline, char const *sender, char const *const *recipients, size_t n,
	unsigned long *qp)
{
	static qq q;
	char const *trouble;
	size_t i;

	if (has_empty(recipients, n))
		return "Zone of the addresses to forward to is empty: mend the command";
	if (!qq_open(&q))
		return "Zunable to fork (#4.3.0)";
	put_message(&q, fd, dtline);
	qq_from(&q, sender, strlen(sender));
	for (i = 0; i < n; i++)
		qq_to(&q, recipients[i], strlen(recipients[i]));
	trouble = qq_close(&q);
	*qp = qq_qp(&q);
	return trouble;
}
