/* SPDX-License-Identifier: ISC */

#include "queue/origin.h"

#include <string.h>

#include <skalibs/types.h>

#include "mail/date822.h"

static char const *const how[] = {
	[ORIGIN_ALIAS] = "by alias",
	[ORIGIN_NETWORK] = "from network",
	[ORIGIN_BOUNCE] = "for bounce",
	[ORIGIN_UID] = "by uid ",
};

static size_t put(char *s, char const *text)
{
	size_t n = strlen(text);

	memcpy(s, text, n);
	return n;
}

size_t origin_line(char *s, origin o, uid_t uid, pid_t pid, int64_t now)
{
	size_t n = put(s, "Received: (qmail ");

	n += uint64_fmt(s + n, (uint64_t)pid);
	n += put(s + n, " invoked ");
	n += put(s + n, how[o]);
	if (o == ORIGIN_UID)
		n += uint64_fmt(s + n, uid);
	n += put(s + n, "); ");
	n += date822_fmt(s + n, now);
	s[n++] = '\n';
	return n;
}
