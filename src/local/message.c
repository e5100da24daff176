/* SPDX-License-Identifier: ISC */

#include "message.h"

#include <unistd.h>

#include <skalibs/allreadwrite.h>

int message_rewind(outcome *o)
{
	if (lseek(0, 0, SEEK_SET) < 0)
		return outcome_defer(o, "Unable to rewind message", "", "4.3.0");
	return 1;
}

ssize_t message_read(char *buf, size_t n)
{
	return fd_read(0, buf, n);
}
