/* SPDX-License-Identifier: ISC */

#include "elsewhere.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <skalibs/strerr.h>

#include "recipient/otherhome.h"

enum { MILLISECONDS = 1000 };

char const *elsewhere_why(void)
{
	char const *program = getenv("QMAILLOCAL");
	char home[PATH_MAX];
	struct stat st;

	if (program && *program)
		return "QMAILLOCAL is set: another program delivers";
	switch (otherhome_find(home)) {
	case OTHERHOME_PROGRAM:
		return "bin/qmail-queue leads out of this home: another one delivers";
	case OTHERHOME_QUEUE:
		return "queue leads to another home, which delivers";
	case OTHERHOME_NONE:
		break;
	}
	if (lstat("control/queueroutes", &st) == 0)
		return "there is control/queueroutes: another home may deliver";
	return 0;
}

int elsewhere_now(int64_t now)
{
	static char const *why;
	static int64_t looked;
	char const *before = why;

	if (looked && now - looked < MILLISECONDS)
		return why != 0;
	looked = now;
	why = elsewhere_why();
	if (why && why != before)
		strerr_warnw(why, ": every local recipient is taken, and qmail-rcptd is of no use here");
	if (!why && before)
		strerr_warni("recipients that are nobody's are refused again: what was in the way of it is gone");
	return why != 0;
}
