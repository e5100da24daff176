/* SPDX-License-Identifier: ISC */

/* predate: run a program on a message that has a Date field, in local time where it had none. */

#include <signal.h>
#include <string.h>
#include <time.h>

#include <skalibs/sig.h>
#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>

#include "base/fds.h"
#include "base/feed.h"
#include "base/io.h"
#include "mail/date822.h"
#include "mail/hfield.h"
#include "mail/hsplit.h"

#define USAGE "predate child"

char const *PROG = "predate";

enum
{
	EXIT_PERM = 100,
	EXIT_TEMP = 111,
	FIELD_MAX = 1000,       /* enough to know a field by its name */
	HEADER_MAX = 1048576,   /* who writes a Date writes it before this */
	BLOCK = 32768,
};

static int look(void *found, char const *s, size_t n)
{
	if (hfield_known(s, n) == HFIELD_DATE)
		*(int *)found = 1;
	return 1;
}

/* Read ahead, into *sa, until it is known whether there is a Date field. */
static int has_date(stralloc *sa)
{
	hsplit h = HSPLIT_INIT(FIELD_MAX);
	int found = 0;

	while (!h.body && !found && sa->len < HEADER_MAX) {
		ssize_t r;

		if (!stralloc_readyplus(sa, BLOCK))
			strerr_dief(EXIT_TEMP, "out of memory");
		r = io_read(0, sa->s + sa->len, BLOCK, 0);
		if (r < 0)
			strerr_diefusys(EXIT_TEMP, "read message");
		if (r == 0)
			break;
		if (hsplit_feed(&h, sa->s + sa->len, (size_t)r, look, &found) < 0)
			strerr_dief(EXIT_TEMP, "out of memory");
		sa->len += (size_t)r;
	}
	if (!hsplit_end(&h, look, &found))
		strerr_dief(EXIT_TEMP, "out of memory");
	hsplit_free(&h);
	return found;
}

static void put_date(feed *f)
{
	char date[DATE822_FMT];
	time_t now = time(0);
	struct tm tm;

	tzset();
	if (!localtime_r(&now, &tm))
		tm.tm_gmtoff = 0;
	feed_put(f, "Date: ", 6);
	feed_put(f, date, date822_zone_fmt(date, now, (int)(tm.tm_gmtoff / 60)));
	feed_put(f, "\n", 1);
}

int main(int argc, char const *const *argv)
{
	stralloc start = STRALLOC_ZERO;
	feed f;
	int code;
	int dated;

	if (argc < 2)
		strerr_dieusage(EXIT_PERM, USAGE);
	if (!fds_sane(2))
		strerr_diefusys(EXIT_TEMP, "open descriptors 0 to 2");
	sig_ignore(SIGPIPE);
	dated = has_date(&start);
	if (!feed_start(&f, argv + 1))
		strerr_diefusys(EXIT_TEMP, "run ", argv[1]);
	if (!dated)
		put_date(&f);
	feed_put(&f, start.s, start.len);
	if (!feed_copy(&f, 0))
		strerr_diefusys(EXIT_TEMP, "read message");
	switch (feed_end(&f, &code)) {
	case 1:
		return code;
	case 0:
		strerr_dief(EXIT_TEMP, "child crashed");
	default:
		strerr_diefusys(EXIT_TEMP, "wait for ", argv[1]);
	}
}
